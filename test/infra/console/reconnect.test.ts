import assert from 'node:assert/strict';
import { it } from 'node:test';
import { requireOrSkip } from '../../services/require.ts';
import { openPage, startBrowser } from './browser.ts';
import { startHarness } from './harness.ts';
import { credentialOf } from './records.ts';

it('a page says when the console is lost, finds it again, and asks for a new link where the session ended', {
  timeout: 90_000,
}, async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const browser = await startBrowser();
  t.after(() => browser.close());
  const first = await startHarness();
  const port = Number(new URL(first.console.address).port);
  const { page } = await openPage(browser, first.console.link);
  const connection = page.locator('.connection');
  await connection.getByText('Live', { exact: true }).waitFor();
  await first.close();
  await page.locator('.connection[data-state="lost"]').waitFor();

  // Another process has other sessions: the page cannot go on by itself
  const second = await startHarness({ port, portTries: 1 });
  t.after(() => second.close());
  await page.locator('.connection[data-state="refused"]').waitFor();
  second.feed.credential(credentialOf('cred-new', Date.now(), { function: 'new-one' }), Date.now());
  const other = await page.context().newPage();
  await other.goto(second.console.link);
  // Its cookie is the browser's, so the page that waited goes on too
  await connection.getByText('Live', { exact: true }).waitFor();
  await page.locator('.lane-name', { hasText: 'new-one' }).waitFor();
  assert.equal(await page.locator('.lane').count(), 1);
});
