import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { EbbtideError } from '../../schemas/errors.ts';
import { packageRoot } from '../paths.ts';

const waitMs = 240_000;
const names = ['chromium', 'chromium-browser', 'google-chrome'];

const findBrowser = (): string => {
  if (process.env.EBBTIDE_CHROMIUM) return process.env.EBBTIDE_CHROMIUM;
  for (const name of names)
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {}
  throw new EbbtideError('SERVICE_MISSING', `A picture needs a browser: none of ${names.join(', ')} is on PATH`);
};

/** Pages beside the tide, what is done there before the picture, and the name of the picture. */
const scenes: readonly (readonly [string, string, (page: Page) => Promise<void>])[] = [
  [
    'console-queue.png',
    '/queue',
    async (page) => {
      await page.locator('.row .row-name').first().waitFor({ timeout: waitMs });
      await page
        .locator('.row')
        .first()
        .click({ position: { x: 8, y: 8 } });
      await page.locator('.panel').waitFor();
    },
  ],
  [
    'console-subject.png',
    '/queue?action=revoke&state=all',
    async (page) => {
      await page.locator('.row .row-name').first().click({ timeout: waitMs });
      await page.locator('.charts canvas').nth(1).waitFor();
      await page.getByRole('button', { name: '15 min' }).click();
      await page.locator('.charts canvas').nth(1).waitFor();
    },
  ],
  [
    'console-behaviour.png',
    '/behaviour',
    async (page) => {
      await page.getByRole('button', { name: 'Begin' }).click();
      await page.locator('#ebbtide-consent').getByRole('button', { name: 'While I work here' }).waitFor();
    },
  ],
  [
    'console-alerts.png',
    '/alerts?state=all',
    async (page) => {
      await page.getByRole('heading', { name: 'Alerts', level: 1 }).waitFor();
      await page.keyboard.press('e');
      await page.getByRole('button', { name: 'Send a test', exact: true }).click();
      await page.locator('.toast', { hasText: 'The test is on its way' }).waitFor();
      await page.goto(new URL('/alerts', page.url()).href);
      await page.locator('.row .row-name').first().waitFor({ timeout: waitMs });
      await page.keyboard.press('j');
      await page.locator('.panel').waitFor();
    },
  ],
  ['console-subjects.png', '/subjects', (page) => page.locator('.row .row-name').nth(3).waitFor()],
  [
    'console-investigation.png',
    '/investigations',
    async (page) => {
      await page.locator('.row .row-name').first().click({ timeout: waitMs });
      await page.getByRole('button', { name: /^Take it/ }).click();
      await page
        .locator('#comment')
        .fill('The holder called an address that it had never called before; the owner is asked.');
      await page.getByRole('button', { name: /^Comment/ }).click();
      await page.locator('.step[data-kind="commented"]').waitFor();
    },
  ],
  [
    'console-record.png',
    '/record',
    async (page) => {
      await page.locator('.row .row-name').first().waitFor();
      await page.keyboard.press('j');
      await page.locator('.panel').waitFor();
    },
  ],
  [
    'console-policy.png',
    '/policy',
    async (page) => {
      await page.locator('#policy-strikes').fill('1');
      await page.locator('.figures-table').waitFor({ timeout: waitMs });
      await page.locator('.policy-progress').waitFor({ state: 'detached', timeout: waitMs });
    },
  ],
];

/**
 * Take the pictures that README and documents show, of a demonstration that runs. The tide's picture waits until a
 * credential has been refused by Vault and others have been at their longest life for a while.
 *
 * @param link - the address that `npm start` printed
 * @param folder - where the PNGs go
 * @param only - names of those to take; all of them where it is empty
 * @example
 * // npx tsx infra/console/screenshot.ts 'http://127.0.0.1:7070/?key=…' docs
 */
export const takePictures = async (link: string, folder: string, only: readonly string[] = []): Promise<void> => {
  const wanted = (name: string): boolean => only.length === 0 || only.includes(name);
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: findBrowser(),
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage({
      viewport: { width: 1400, height: 1080 },
      deviceScaleFactor: 1.5,
      colorScheme: 'dark',
    });
    page.setDefaultTimeout(60_000);
    await page.goto(link);
    if (wanted('console.png')) {
      await page.locator('.lane[data-word="refused"]').first().waitFor({ timeout: waitMs });
      await page.locator('.lane[data-word="extended"]').nth(3).waitFor({ timeout: waitMs });
      // By now the lanes hold most of the two minutes that they show
      await page.waitForTimeout(Number(process.env.PICTURE_AFTER_MS ?? 70_000));
      await page.screenshot({ path: join(folder, 'console.png') });
    }
    for (const [name, path, prepare] of scenes.filter(([one]) => wanted(one))) {
      await page.goto(new URL(path, link).href);
      await prepare(page);
      await page.waitForTimeout(1_500);
      await page.screenshot({ path: join(folder, name) });
    }
  } finally {
    await browser.close();
  }
};

if (process.argv[1]?.endsWith('screenshot.ts')) {
  const [link, folder = join(packageRoot(), 'docs'), ...only] = process.argv.slice(2);
  if (!link) throw new EbbtideError('REQUEST_INVALID', 'Give the link that npm start printed as the first argument');
  await takePictures(link, resolve(folder), only);
}
