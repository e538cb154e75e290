import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { Route } from 'playwright-core';
import { chaosProxy } from '../../services/chaos-proxy.ts';
import { until } from '../../services/context.ts';
import { requireOrSkip } from '../../services/require.ts';
import { eventually, openPage, startBrowser } from './browser.ts';
import { startHarness } from './harness.ts';
import { credentialOf, decisionOf, scoreOf } from './records.ts';

/** A browser and a console of the test's own; undefined where there is no browser, and the test is skipped. */
const openStage = async (t: TestContext, config: Parameters<typeof startHarness>[0] = {}) => {
  if (!(await requireOrSkip(t, 'chromium'))) return undefined;
  const browser = await startBrowser();
  t.after(() => browser.close());
  const harness = await startHarness(config);
  t.after(() => harness.close());
  return { browser, harness };
};

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
  const stage = await openStage(t, { clientQueueBytes: 65_536, flushMs: 20 });
  if (!stage) return;
  const { browser, harness } = stage;
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

it('a page is live again whatever a question from before answers late', { timeout: 120_000 }, async (t) => {
  const stage = await openStage(t);
  if (!stage) return;
  const { browser, harness } = stage;
  const { link, address } = harness.console;
  const proxy = await chaosProxy(t, { port: Number(new URL(address).port) });
  const { pathname, search } = new URL(link);
  const { page } = await openPage(browser, new URL(`${pathname}${search}`, proxy.url).href);
  const connection = (state: string) =>
    page.locator(`.connection[data-state="${state}"]`).waitFor({ state: 'attached' });
  await connection('live');
  // Whether the session still holds is asked when the connection breaks, and the answer takes its time
  const held: Route[] = [];
  await page.route('**/api/me', (route) => {
    if (route.request().method() === 'HEAD') held.push(route);
    else void route.continue();
  });
  proxy.reset();
  await connection('lost');
  await connection('live');
  await until('the question to be held', () => held.length > 0);
  const answered = page.waitForResponse((response) => response.status() === 401);
  for (const route of held) await route.fulfill({ status: 401 });
  await answered;
  // The page has gone on from the answer, since it has asked something after it
  await page.evaluate('fetch("/health/live").then(() => new Promise((resolve) => setTimeout(resolve)))');
  assert.equal(await page.locator('.connection').getAttribute('data-state'), 'live');
});

it('a page that was sent away since too many are open is let in when there is room', {
  timeout: 120_000,
}, async (t) => {
  const stage = await openStage(t, { clients: 1 });
  if (!stage) return;
  const { browser, harness } = stage;
  const first = await openPage(browser, harness.console.link);
  await first.page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
  const second = await openPage(browser, harness.console.link);
  await second.page.locator('.connection[data-state="lost"]').waitFor({ state: 'attached' });
  await first.page.context().close();
  await second.page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
});

it('the page of a subject goes on and has what it missed, even where the console refused to begin again', {
  timeout: 120_000,
}, async (t) => {
  const stage = await openStage(t);
  if (!stage) return;
  const { browser, harness } = stage;
  const { feed, console } = harness;
  const now = Date.now();
  feed.credential(credentialOf('cred-a', now, { function: 'checkout', expiresAt: now + 600_000 }), now);
  const proxy = await chaosProxy(t, { port: Number(new URL(console.address).port) });
  const { pathname, search } = new URL(console.link);
  const { page } = await openPage(browser, new URL(`${pathname}${search}`, proxy.url).href);
  await page.goto(new URL('/subjects/cred-a', proxy.url).href);
  const decide = (reason: string): void => {
    const at = Date.now();
    feed.decision(decisionOf('cred-a', 'shorten', at, { reason }), at);
  };
  const told = (reason: string) => page.getByText(reason).first().waitFor();
  await page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
  decide('Because of one');
  await told('Because of one');
  let refused = 0;
  await page.route('**/api/subject/events**', (route) => {
    refused += 1;
    if (refused > 2) void route.continue();
    else void route.fulfill({ status: 503 });
  });
  proxy.reset();
  await until('the stream to be refused', () => refused > 0);
  decide('Because of two');
  await told('Because of two');
  await until('the stream to be taken up', () => refused > 2);
  decide('Because of three');
  await told('Because of three');
});

it('a page whose program did not come, since the network changed, begins once more', {
  timeout: 120_000,
}, async (t) => {
  const stage = await openStage(t);
  if (!stage) return;
  const { browser, harness } = stage;
  const { page, complaints } = await openPage(browser, harness.console.link);
  await page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
  const lost: string[] = [];
  const loseOnce = (path: string) =>
    page.route(path, (route) => {
      if (lost.includes(path)) return route.continue();
      lost.push(path);
      return route.abort('failed');
    });
  await loseOnce('**/app.js');
  await loseOnce('**/tokens-*.js');
  await page.goto(new URL('/tokens', harness.console.address).href);
  await page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'New token' }).waitFor();
  assert.deepEqual(lost, ['**/app.js', '**/tokens-*.js']);
  assert.ok(
    complaints.every((one) => one.includes('net::ERR_FAILED')),
    complaints.join(),
  );
});

it('a page whose program does not come loads itself anew, and says so in the end', { timeout: 90_000 }, async (t) => {
  const stage = await openStage(t);
  if (!stage) return;
  const { browser, harness } = stage;
  const { page } = await openPage(browser, harness.console.link);
  const live = page.locator('.connection[data-state="live"]');
  await live.waitFor({ state: 'attached' });
  const count = (): Promise<string | null> => page.evaluate('sessionStorage.getItem("ebbtide.reloads")');
  let tries = 0;
  await page.route('**/app.js', (route) => {
    tries += 1;
    return tries === 1 ? route.abort() : route.continue();
  });
  await page.reload();
  await live.waitFor({ state: 'attached' });
  assert.deepEqual([tries, await count()], [2, null]);
  // As after five times
  await page.evaluate('sessionStorage.setItem("ebbtide.reloads", "5")');
  tries = 0;
  await page.reload();
  await page.locator('#app', { hasText: 'could not be loaded' }).waitFor();
  assert.deepEqual([tries, await count()], [1, '5']);
  await page.reload();
  await live.waitFor({ state: 'attached' });
  assert.equal(await count(), null);
});

it('what could not be read at first is read once more', { timeout: 120_000 }, async (t) => {
  const stage = await openStage(t);
  if (!stage) return;
  const { browser, harness } = stage;
  const now = Date.now();
  harness.feed.credential(credentialOf('cred-a', now, { function: 'checkout', expiresAt: now + 600_000 }), now);
  for (const [path, asked, shown] of [
    ['/subjects', '**/api/subjects?**', '.row-name'],
    ['/subjects/cred-a', '**/api/subject?**', '.subject-now'],
    ['/policy', '**/api/policies', '.policy-now'],
  ] as const) {
    const { page } = await openPage(browser, harness.console.link);
    await page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
    let refuse = true;
    await page.route(asked, (route) => (refuse ? route.fulfill({ status: 503 }) : route.continue()));
    await page.goto(new URL(path, harness.console.address).href);
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    refuse = false;
    await page.locator(shown).first().waitFor();
    await page.context().close();
  }
});
