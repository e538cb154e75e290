import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildSite, writeSite } from '../../../infra/docs/site/build.ts';
import { packageRoot } from '../../../infra/paths.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { requireOrSkip } from '../../services/require.ts';
import { fits, startBrowser, violations } from '../console/browser.ts';

test('the site is searched by keyboard, fits a telephone, and has nothing that axe finds', async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const out = join(temporaryFolder(t), 'site');
  writeSite(buildSite(packageRoot()), packageRoot(), out);
  const browser = await startBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage();
  const failures: string[] = [];
  page.on('pageerror', ({ message }) => failures.push(message));
  const at = (path: string) => pathToFileURL(join(out, path)).href;

  await page.goto(at('guides/life.html'));
  await page.keyboard.press('/');
  await page.keyboard.type('kill switch');
  await page.locator('#found a').first().waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/kill-switch/);

  for (const path of ['index.html', 'security.html', 'cli.html'])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 390, height: 800 });
      await page.goto(at(path));
      assert.ok(await page.evaluate(fits), `${path} scrolls sideways`);
      assert.deepEqual(await violations(page), [], `${path} ${colorScheme}`);
    }
  assert.deepEqual(failures, []);
});
