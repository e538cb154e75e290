import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { packageRoot } from '../../../infra/paths.ts';
import { findChromium } from '../../services/require.ts';

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Start the browser of this machine. */
export const startBrowser = async (): Promise<Browser> => {
  const executablePath = await findChromium();
  return chromium.launch({ ...(executablePath && { executablePath }), args });
};

/** A page of its own, with everything that went wrong in it. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of scripts, refusals of the content policy, requests elsewhere. */
  readonly complaints: string[];
}

/** Open the console in a fresh browser profile. */
export const openPage = async (
  browser: Browser,
  link: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark', ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const home = new URL(link).origin;
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // Whatever other network comes or goes on this machine, a browser begins its requests anew
    if (message.type() === 'error' && !message.text().includes('ERR_NETWORK_CHANGED')) complaints.push(message.text());
  });
  page.on('request', (sent) => {
    if (!sent.url().startsWith(home)) complaints.push(`Request to ${sent.url()}`);
  });
  await page.goto(link);
  return { page, complaints };
};

const eventuallyMs = 30_000;

/**
 * Wait until the page is as an assertion says: it looks again until the assertion holds.
 *
 * A page answers in its own time, so whatever follows an action, a navigation or live data is looked at by this. What must
 * not be there can only be asserted after something that proves how far the page has got.
 *
 * @returns what the assertion returned
 * @throws what it threw last, after half a minute
 */
export const eventually = async <T>(assertion: () => Promise<T> | T): Promise<T> => {
  const deadline = performance.now() + eventuallyMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Until transitions have ended: colours in the middle of one are nobody's. */
const settled = `Promise.allSettled(document.getAnimations()
  .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime))
  .map(({ finished }) => finished)).then(() => true)`;

const looks = 4;

/**
 * What axe-core finds, each with the elements concerned.
 *
 * It is what it finds twice running: colours of a drawing that was under way are nobody's.
 */
export const violations = async (page: Page): Promise<string[]> => {
  await page.evaluate(readFileSync(join(packageRoot(), 'node_modules/axe-core/axe.min.js'), 'utf8'));
  let before: string[] | undefined;
  for (let look = 0; ; look++) {
    await page.evaluate(settled);
    const found = (await page.evaluate(
      'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
    )) as Violation[];
    const told = found.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
    if (told.length === 0 || look === looks || told.join() === before?.join()) return told;
    before = told;
  }
};

/** Whether nothing scrolls sideways, asked in the page. */
export const fits = 'document.documentElement.scrollWidth <= innerWidth';
/** Controls and figures that reach beyond the window. */
export const outside = `[...document.querySelectorAll('button, input, select, canvas, .lane-left, .figure')]
  .filter((element) => element.checkVisibility())
  .filter((element) => element.getBoundingClientRect().left < -1 || element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => element.outerHTML.slice(0, 90))`;
