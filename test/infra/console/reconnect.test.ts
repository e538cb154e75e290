import assert from 'node:assert/strict';
import { it } from 'node:test';
import { until } from '../../services/context.ts';
import { requireOrSkip } from '../../services/require.ts';
import { eventually, openPage, startBrowser } from './browser.ts';
import { startHarness } from './harness.ts';
import { credentialOf, scoreOf } from './records.ts';

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
  await page.locator('.notice', { hasText: 'not live from' }).waitFor();
  await eventually(async () => assert.equal(await page.locator('.lane').count(), 1));
});

it('a page that fell behind by more than waits for it gets everything anew, and says what it did not see', {
  timeout: 120_000,
}, async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const browser = await startBrowser();
  t.after(() => browser.close());
  const harness = await startHarness({ clientQueueBytes: 65_536, flushMs: 20 });
  t.after(() => harness.close());
  const now = Date.now();
  harness.feed.credential(credentialOf('cred-a', now, { function: 'checkout', expiresAt: now + 600_000 }), now);
  const { page, complaints } = await openPage(browser, harness.console.link);
  await page.locator('.lane-name', { hasText: 'checkout' }).waitFor();
  assert.equal(await page.locator('.notice').count(), 0);
  const metric = async (): Promise<number> =>
    Number(/resnapshots_total (\d+)/.exec(await harness.context.metrics.metrics())?.[1]);
  // The page is at a standstill, as in a browser that sleeps: it reads nothing, until more waits than may
  await page.evaluate(
    'const until = Date.now() + 12_000; setTimeout(() => { while (Date.now() < until); }, 0); undefined',
  );
  let at = now;
  await until('the page to fall behind', async () => {
    for (let index = 0; index < 1_000; index += 1) {
      at += 1;
      harness.feed.score(scoreOf('cred-a', at, 0.5), at);
    }
    await new Promise(setImmediate);
    return (await metric()) > 0;
  });
  harness.feed.credential(credentialOf('cred-b', at, { function: 'late-comer', expiresAt: now + 600_000 }), at);
  await page.locator('.lane-name', { hasText: 'late-comer' }).waitFor({ timeout: 60_000 });
  const notice = page.locator('.notice', { hasText: 'not live from' });
  await notice.waitFor();
  await eventually(async () => assert.match((await notice.textContent())!, /\(\d.*changes\)/));
  await notice.getByRole('button', { name: 'Understood' }).click();
  await notice.waitFor({ state: 'detached' });
  assert.deepEqual(complaints, []);
});
