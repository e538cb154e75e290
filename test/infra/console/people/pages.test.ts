import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { until } from '../../../services/context.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { eventually, startBrowser, violations } from '../browser.ts';
import { startPeople } from './caller.ts';

/** A window of somebody whom the proxy lets in. */
const windowOf = async (browser: Browser, who: string, options: object = {}): Promise<Page> => {
  const [user = '', groups = ''] = who.split('/');
  const context = await browser.newContext({
    extraHTTPHeaders: { 'x-forwarded-user': user, 'x-forwarded-groups': groups },
    ...options,
  });
  context.setDefaultTimeout(60_000);
  return context.newPage();
};

const rig = async (t: TestContext) => {
  const people = await startPeople(t, { approvals: { leaveShadow: true } });
  const browser = await startBrowser();
  t.after(() => browser.close());
  return { people, browser, address: people.harness.console.address };
};

const overflows = 'document.documentElement.scrollWidth > innerWidth';

it('two people leave shadow mode together in their browsers, by keyboard', async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const { people, browser, address } = await rig(t);
  const [ann, bob] = [await windowOf(browser, 'ann/sre'), await windowOf(browser, 'bob/sre')];
  await ann.goto(address);
  await ann.click('[data-mode=enforce]');
  await ann.fill('#reason', 'tuned <b>well</b>');
  await ann.press('#reason', 'Enter');
  await ann.waitForSelector('text=It waits until another person has approved it');
  await ann.goto(`${address}/approvals`);
  await ann.waitForSelector('text=Another operator must approve it.');
  assert.equal(await ann.locator('.card button', { hasText: 'Approve' }).count(), 0, 'not by whoever asked');

  await bob.goto(`${address}/approvals`);
  await bob.waitForSelector('text=tuned <b>well</b>');
  assert.equal(await bob.locator('.card b').count(), 0, 'a reason is text');
  await bob.locator('.card .primary').focus();
  await bob.keyboard.press('Enter');
  await bob.fill('#reason', 'agreed');
  await bob.keyboard.press('Enter');
  await bob.waitForSelector('text=approved and done by bob: agreed');
  await bob.waitForSelector('[data-mode=enforce][aria-pressed=true]');
  await until('who asked and who did it stand in the record', async () => {
    const events = (await people.recorded()).filter(({ action }) => action === 'mode');
    const done = events.map(({ name, outcome }) => `${name} ${outcome}`);
    return done.join() === 'ann asked,ann done,bob asked,bob done';
  });
});

it('a viewer is told that access profiles are for analysts, who are shown them', async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const { browser, address } = await rig(t);
  const page = await windowOf(browser, 'vera/all');
  await page.goto(`${address}/provisioning/ada`);
  await page.waitForSelector('text=This needs an analyst');
  assert.deepEqual(await violations(page), []);
  const analyst = await windowOf(browser, 'ann/soc');
  await analyst.goto(`${address}/provisioning/ada`);
  await analyst.waitForSelector('text=There is no archive to read from');
});

it('an administrator makes a token, sees it once, and revokes it', async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const { browser, address } = await rig(t);
  const ada = await windowOf(browser, 'ada/admins');
  await ada.goto(`${address}/tokens`);
  await ada.click('text=New token');
  await ada.fill('#token-name', 'dashboard');
  await ada.press('#token-name', 'Enter');
  const token = await eventually(async () => {
    const made = await ada.inputValue('#made-token');
    assert.match(made, /^ebbtide_/);
    return made;
  });
  const use = async () =>
    (await fetch(`${address}/api/state`, { headers: { authorization: `Bearer ${token}` } })).status;
  assert.equal(await use(), 200);
  await ada.click('text=Done');
  await ada.waitForSelector('.records >> text=dashboard');
  assert.equal(await ada.getByText(token).count(), 0);
  await ada.click('[aria-label="Revoke dashboard"]');
  await ada.click('dialog .grave');
  await ada.waitForSelector('text=dashboard works no longer');
  assert.equal(await use(), 401);

  const vera = await windowOf(browser, 'vera/all');
  await vera.goto(`${address}/tokens`);
  await vera.waitForSelector('text=This needs an administrator');
  await vera.waitForSelector('.account');
  await eventually(async () =>
    assert.equal(await vera.isDisabled('[data-mode=enforce]'), true, 'what she may not do is not offered'),
  );
  assert.equal(await vera.locator('.rail >> text=API tokens').count(), 0);
});

it('pages of people have no violation and fit small screens, in dark and light', async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const { people, browser, address } = await rig(t);
  await people.post('bob/sre', '/api/control/mode', { mode: 'enforce', reason: 'x'.repeat(400) });
  const { body } = await people.post('ann/sre', '/api/control/mode', { mode: 'enforce' });
  await people.post('bob/sre', '/api/approvals/decline', { approvalId: body.approval.approvalId, note: 'no' });
  await people.post('ada/admins', '/api/tokens', { name: 'n'.repeat(100), role: 'operator', days: 1 });
  for (const colorScheme of ['dark', 'light'] as const) {
    const page = await windowOf(browser, 'ada/admins', { colorScheme, viewport: { width: 390, height: 780 } });
    for (const path of ['/approvals', '/tokens']) {
      await page.goto(`${address}${path}`);
      await page.waitForSelector('.records li');
      await page.waitForSelector('.account');
      assert.deepEqual(await violations(page), [], `${path} ${colorScheme}`);
      assert.equal(await page.evaluate(overflows), false, `${path} is too wide`);
    }
    await page.click('text=New token');
    assert.deepEqual(await violations(page), [], `new token ${colorScheme}`);
    await page.keyboard.press('Escape');
    await page.click('.account');
    assert.deepEqual(await violations(page), [], `account ${colorScheme}`);
    const stranger = await windowOf(browser, '/', { colorScheme, viewport: { width: 320, height: 500 } });
    await stranger.goto(address);
    assert.deepEqual(await violations(stranger), [], `door ${colorScheme}`);
    assert.equal(await stranger.evaluate(overflows), false);
  }
});
