import assert from 'node:assert/strict';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { fits, outside, violations } from '../browser.ts';

/** Windows in which pages are looked at, by what is said of them. */
export const windows: Readonly<Record<'dark' | 'light' | '360 pixels wide' | '200 %', BrowserContextOptions>> = {
  dark: { colorScheme: 'dark', bypassCSP: true },
  light: { colorScheme: 'light', bypassCSP: true },
  '360 pixels wide': { viewport: { width: 360, height: 740 }, colorScheme: 'light', bypassCSP: true },
  '200 %': { viewport: { width: 640, height: 400 }, colorScheme: 'light', bypassCSP: true },
};
/** {@link windows} with their names; the content policy stands aside for axe-core. */
export const everyWindow = Object.entries(windows);

/**
 * Axe-core finds nothing in what is shown, nothing scrolls sideways, and every control is inside.
 *
 * @param name - of the picture that is taken into the folder `EBBTIDE_PICTURES` where that is set
 * @param shown - what of the page is on it; all of it where absent
 */
export const assertForEveryone = async (page: Page, name: string, shown?: Locator): Promise<void> => {
  const { EBBTIDE_PICTURES: pictures } = process.env;
  if (pictures) {
    const path = `${pictures}/${name.replaceAll(/[^\w-]+/g, '-').replaceAll(/^-|-$/g, '')}.png`;
    await (shown ? shown.screenshot({ path }) : page.screenshot({ path, fullPage: true }));
  }
  assert.deepEqual(await violations(page), []);
  assert.ok(await page.evaluate(fits), 'scrolls sideways');
  assert.deepEqual(await page.evaluate(outside), []);
};
