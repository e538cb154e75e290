import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
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

/**
 * Take the picture of the console that the README shows, of a demonstration that runs: it waits until a credential has
 * been refused by Vault and others have been at their longest life for a while.
 *
 * @param link - the address that `npm start` printed
 * @param file - where the PNG goes
 * @example
 * // npx tsx infra/console/screenshot.ts 'http://127.0.0.1:7070/?key=…' docs/console.png
 */
export const takePicture = async (link: string, file: string): Promise<void> => {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: findBrowser(),
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage({
      viewport: { width: 1400, height: 1180 },
      deviceScaleFactor: 1.5,
      colorScheme: 'dark',
    });
    await page.goto(link);
    await page.locator('.lane[data-word="refused"]').first().waitFor({ timeout: waitMs });
    await page.locator('.lane[data-word="extended"]').nth(3).waitFor({ timeout: waitMs });
    // By now the lanes hold most of the two minutes that they show
    await page.waitForTimeout(Number(process.env.PICTURE_AFTER_MS ?? 70_000));
    await page.screenshot({ path: file, fullPage: true });
  } finally {
    await browser.close();
  }
};

if (process.argv[1]?.endsWith('screenshot.ts')) {
  const [link, file = join(packageRoot(), 'docs', 'console.png')] = process.argv.slice(2);
  if (!link) throw new EbbtideError('REQUEST_INVALID', 'Give the link that npm start printed as the first argument');
  await takePicture(link, resolve(file));
}
