import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { chaosProxy } from '../../services/chaos-proxy.ts';
import { requireOrSkip } from '../../services/require.ts';
import { eventually, openPage, startBrowser } from './browser.ts';
import { startHarness } from './harness.ts';
import { credentialOf, decisionOf, effectOf, scoreOf } from './records.ts';

const hour = 3_600_000;
const begun = ['checkout', 'invoices', 'mail'];

/** A console on a clock of its own, a page of an investigation that came through a proxy, and what an hour brings. */
const rig = async (t: TestContext, config: Record<string, unknown> = {}) => {
  const browser = await startBrowser();
  t.after(() => browser.close());
  let away = 0;
  const now = (): number => Date.now() + away;
  const harness = await startHarness({ lanes: 100, queue: 2_000, ...config }, {}, false, now);
  t.after(() => harness.close());
  const { feed } = harness;
  const start = now();
  for (const name of begun)
    feed.credential(credentialOf(name, start, { function: name, expiresAt: start + 600_000 }), start);
  const proxy = await chaosProxy(t, { port: Number(new URL(harness.console.address).port) });
  const throughProxy = (address: string): string => {
    const { pathname, search } = new URL(address);
    return new URL(`${pathname}${search}`, proxy.url).href;
  };
  const call = async <T>(path: string, body: object): Promise<T> => {
    const answer = await fetch(new URL(path, harness.console.address), {
      method: 'POST',
      headers: { cookie: await harness.enter(), 'content-type': 'application/json', 'x-ebbtide-console': '1' },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return (await answer.json()) as T;
  };
  const { id } = await call<{ id: string }>('/api/investigations', { subject: 'mail', title: 'Odd hours' });
  const investigation = `/investigations/${id}`;

  /** Forty thousand records, more than fit into any queue; most of who was there ends, others come, somebody comments. */
  const anHourPasses = async (): Promise<void> => {
    const many = 400;
    const every = hour / 100;
    const end = (name: string, at: number): void =>
      feed.credential(credentialOf(name, start, { function: name, status: 'ended', expiresAt: at }), at);
    for (const name of ['checkout', 'invoices']) end(name, start + 60_000);
    for (let step = 1; step <= 100; step += 1) {
      const at = start + step * every;
      away = Math.max(away, at - Date.now());
      for (let one = 0; one < many; one += 1) {
        const name = `later-${one}`;
        if (step === 1) feed.credential(credentialOf(name, at, { function: name, expiresAt: start + 2 * hour }), at);
        feed.score(scoreOf(name, at, 0.4), at);
      }
      const revoke = decisionOf(`later-${step}`, 'revoke', at);
      feed.decision(revoke, at);
      feed.effect(effectOf(revoke, at));
      // The console takes in what has come, as it would over the hour
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const name of ['mail', 'later-399'])
      feed.credential(credentialOf(name, start, { function: name, expiresAt: now() + hour }), now());
    for (const text of ['first', 'second']) await call(`/api${investigation}/steps`, { kind: 'commented', text });
    feed.mode('enforce', now());
  };
  const { page, complaints } = await openPage(browser, throughProxy(harness.console.link));
  await page.goto(throughProxy(new URL(investigation, proxy.url).href));
  await page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
  await page.locator('#comment').waitFor();
  await page.locator('#comment').pressSequentially('half a thought');
  return { browser, harness, proxy, page, complaints, anHourPasses, throughProxy };
};

/** What a page shows of the present, page by page. */
const present = async (page: Page) => {
  const link = (path: string) => page.locator(`.rail-link[href="${path}"]`).click();
  await link('/');
  const lanes = await eventually(async () => {
    const names = await page.locator('.lane-name').allTextContents();
    assert.ok(names.length > 90, `${names.length} lanes`);
    return names.sort();
  });
  await link('/queue');
  const counted = page.locator('.counted', { hasText: /entr/ });
  const queue = await eventually(async () => {
    const text = await counted.textContent();
    assert.match(text ?? '', /\d/);
    return text;
  });
  const mode = await page.locator('[data-mode][aria-pressed="true"]').first().getAttribute('data-mode');
  return { lanes, queue, mode };
};

const assertPresent = async ({ harness, browser, page }: Awaited<ReturnType<typeof rig>>): Promise<void> => {
  const steps = page.locator('.step-text');
  await eventually(async () => assert.deepEqual(await steps.allTextContents(), ['first', 'second']));
  assert.equal(await page.locator('#comment').inputValue(), 'half a thought');
  const notice = page.locator('.notice', { hasText: 'not live from' });
  await notice.waitFor();
  assert.match((await notice.textContent())!, /\((60 min|1\.\d h), \d+,\d{3} changes\)/);
  // What came after is shown as it comes
  const cookie = await harness.enter();
  await fetch(new URL(`/api${new URL(page.url()).pathname}/steps`, harness.console.address), {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json', 'x-ebbtide-console': '1' },
    body: JSON.stringify({ kind: 'commented', text: 'third' }),
  });
  await eventually(async () => assert.deepEqual(await steps.allTextContents(), ['first', 'second', 'third']));
  const fresh = await openPage(browser, harness.console.link);
  const [shown, wanted] = [await present(page), await present(fresh.page)];
  assert.deepEqual(shown, wanted);
  assert.equal(new Set(shown.lanes).size, shown.lanes.length, 'nobody twice');
  assert.equal(shown.mode, 'enforce');
  assert.ok(shown.lanes.some((name) => name.includes('mail')));
};

it('a page that was cut off for an hour shows exactly the present, keeps what was being typed, and says that it was away', {
  timeout: 300_000,
}, async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const stage = await rig(t);
  // As when a laptop sleeps: nobody is told
  stage.proxy.blackHole();
  await stage.anHourPasses();
  stage.proxy.restore();
  await stage.page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
  await assertPresent(stage);
});

it('a page whose session ended while it was away says so, and goes on once its reader is let in again', {
  timeout: 300_000,
}, async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const stage = await rig(t, { session: { idleMs: hour / 2 } });
  const { proxy, page, harness, throughProxy } = stage;
  proxy.cut();
  await page.locator('.connection[data-state="lost"]').waitFor({ state: 'attached' });
  await stage.anHourPasses();
  proxy.restore();
  await page.locator('.connection[data-state="refused"]').waitFor({ state: 'attached' });
  assert.equal(await page.locator('#comment').inputValue(), 'half a thought');
  const other = await page.context().newPage();
  await other.goto(throughProxy(harness.console.link));
  await other.close();
  await page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
  await assertPresent(stage);
});
