import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core';
import { consoleConfig } from '../../../infra/console/config.ts';
import { startConsole } from '../../../infra/console/server.ts';
import { startSignInDemo } from '../../../infra/demo/signIn.ts';
import { lifespanRule } from '../../../models/biometric/lifespan.ts';
import type { AuditEvent, Authentication, BiometricTelemetry } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { openBao } from '../../services/openbao.ts';
import { requireOrSkip } from '../../services/require.ts';
import { startHost, typist } from '../services/keyhost/rig.ts';
import { kafkaRig, prepareVault, until } from '../vault/rig.ts';
import { eventually, fits, openPage, startBrowser, violations } from './browser.ts';
import { type Hand, handAt } from './hand.ts';

const phrase = 'the tide turns';
const keys = phrase.length;
/** Where pictures go, for whoever wants to look. */
const pictures = process.env.PICTURES;

/** A console where people sign in at a real key host, and a browser. */
const startRig = async (t: TestContext) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const host = await startHost(t, vault, kafka.context());
  const demo = await startSignInDemo(kafka.context(), {
    keyhost: host.address,
    vault: { endpoint: vault.configs.endpoint, privacy: vault.configs.privacy },
    enrolment: 10,
    rule: lifespanRule,
  });
  t.after(() => demo.close());
  const console = await startConsole(kafka.context(), consoleConfig.parse({ port: 0 }), {
    parts: () => [],
    behaviour: demo,
  });
  t.after(() => console.close());
  const browser = await startBrowser();
  t.after(() => browser.close());
  return { console, browser, kafka };
};

/** The page about behaviour in a browser profile of its own. */
const open = async (browser: Browser, link: string, options: BrowserContextOptions = {}) => {
  const { page, complaints } = await openPage(browser, link, options);
  await page.goto(new URL('/behaviour', link).href);
  await page
    .getByText('Nothing is measured before you have been asked')
    .or(page.getByRole('group', { name: 'What may be measured' }))
    .waitFor();
  return { page, complaints, hand: await handAt(page, { x: 260, y: 70 }) };
};

const signIns = (page: Page) => page.locator('.sign-ins tbody tr').count();
const field = (page: Page) => page.getByLabel(`Type ${phrase} and press Enter`);
/** That the latest key lives as long as this. */
const grants = (page: Page, wanted: string): Promise<void> =>
  eventually(async () => {
    const why = await page.locator('.key-reason').textContent();
    assert.equal(await page.locator('.key-life').textContent(), wanted, `${why}, and not ${wanted}`);
  });
/** What a verifier said of the latest sign-in. */
const said = (page: Page, verifier: string) => page.locator(`[data-verifier="${verifier}"] .part-said`);
const picture = async (page: Page, name: string): Promise<void> => {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
};

/** Type the phrase and press Enter, and wait for the key. */
const attempt = async (page: Page, hand: Hand, features: Record<string, number>): Promise<void> => {
  // What is entered while another sign-in is on its way is not sent
  await page.locator('button[type="submit"][aria-busy="false"]').waitFor();
  const before = await signIns(page);
  await field(page).focus();
  await hand.type(phrase, features);
  await page.keyboard.press('Enter');
  await until('another sign-in', async () => (await signIns(page)) > before);
};

test('whoever types as they do keeps a long life, a friend loses it, and whoever is forgotten begins anew', async (t) => {
  if (!(await requireOrSkip(t, 'chromium', 'openbao'))) return;
  const { console, browser, kafka } = await startRig(t);
  const authentications = () => kafka.seen<Authentication>(topics.authentications);
  const bursts = await kafka.seen<BiometricTelemetry>(topics.telemetryBiometric);
  const { page, hand, complaints } = await open(browser, console.link, { viewport: { width: 1380, height: 1000 } });
  const sessions: Request[] = [];
  page.on('request', (sent) => {
    if (sent.url().endsWith('/api/behaviour/session')) sessions.push(sent);
  });
  const owner = typist(0.25, 3, keys);
  const friend = typist(0.13, 17, keys);

  await t.test('nothing can be typed, and nothing is sent, before the reader was asked', async () => {
    await eventually(async () => assert.equal(await field(page).isDisabled(), true));
    await picture(page, 'asked');
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.locator('#ebbtide-consent').getByRole('button', { name: 'While I work here' }).click();
    await eventually(async () => assert.equal(await field(page).isDisabled(), false));
    assert.equal((await authentications()).length, 0);
  });

  await t.test('ten sign-ins teach the key host, each with a key for an hour', async () => {
    for (let i = 0; i < 10; i++) {
      await hand.move(2);
      await attempt(page, hand, owner());
      await grants(page, '1 hour');
      if (i === 4) await picture(page, 'learning');
    }
    await page.getByText('You are known now').waitFor();
  });

  await t.test('the owner is granted a day', async () => {
    for (let i = 0; i < 3; i++) {
      await hand.move(6);
      await attempt(page, hand, owner());
      await grants(page, '24 hours');
    }
    await eventually(async () => {
      assert.equal(await page.locator('.risk-point').count(), 3);
      assert.match((await said(page, 'keystroke.statistical').textContent())!, /for you/);
      assert.match((await said(page, 'mouse.statistical').textContent())!, /Speaks/);
    });
  });

  await t.test('what was asked before a sign-in, and is answered after it, changes nothing', async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let looks = 0;
    await page.route('**/api/behaviour', async (route) => {
      const response = await route.fetch();
      looks += 1;
      await held;
      await route.fulfill({ response });
    });
    await until('a look', () => looks > 0);
    await attempt(page, hand, owner());
    const count = await signIns(page);
    const late = page.waitForResponse('**/api/behaviour');
    answer();
    await (await late).finished();
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))');
    assert.equal(await signIns(page), count);
    await page.unroute('**/api/behaviour');
    await grants(page, '24 hours');
  });

  await t.test('what is done between two sign-ins is measured, learned, and has its say', async () => {
    const writing = page.getByLabel('Write a few sentences');
    const work = page.locator('.behaviour-work');
    const measured = async (modality: string) =>
      Number.parseInt((await work.locator(`[data-modality="${modality}"] small`).textContent())!, 10);
    const write = typist(0.22, 9, 66);
    await writing.focus();
    for (let i = 0; i < 2; i++) await hand.type('x'.repeat(66), write());
    const text = (await page.locator('.work-text').boundingBox())!;
    await page.locator('.work-text').scrollIntoViewIfNeeded();
    const { x, y } = (await page.locator('.work-text').boundingBox()) ?? text;
    await hand.scroll({ x: x + 60, y: y + 60 }, 4);
    await until('stretches', async () => (await measured('typing')) >= 2 && (await measured('scroll')) >= 3);
    await picture(page, 'work');
    assert.deepEqual(await violations(page), []);
    for (const [verifier, untried] of [
      ['typing.statistical', true],
      ['scroll.statistical', true],
      ['keystroke.statistical', false],
      ['mouse.statistical', false],
    ] as const) {
      const about = page.locator(`[data-verifier="${verifier}"] dt`);
      await eventually(async () =>
        assert.equal(/calibrated on nobody/.test((await about.textContent())!), untried, verifier),
      );
    }
    await page.getByText('alone it grants a key no longer life than that of somebody unknown').waitFor();
    await attempt(page, hand, owner());
    await grants(page, '24 hours');
    assert.deepEqual((await authentications()).at(-1)!.faults, []);
    await until('the stretches', () => bursts.filter(({ modality }) => modality === 'scroll').length >= 3);
  });

  await t.test('a friend gets five minutes', async () => {
    await page.getByLabel('A friend').check();
    for (let i = 0; i < 2; i++) {
      await attempt(page, hand, friend());
      await grants(page, '5 minutes');
    }
    await eventually(async () => {
      assert.match((await said(page, 'keystroke.statistical').textContent())!, /for somebody else/);
      assert.equal(await page.locator('.risk-point[data-typist="friend"][data-band="3"]').count(), 2);
    });
    await picture(page, 'friend-dark');
    assert.deepEqual(await violations(page), []);
    await page.emulateMedia({ colorScheme: 'light' });
    await eventually(async () => assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'light'));
    await picture(page, 'friend-light');
    assert.deepEqual(await violations(page), []);
    await page.setViewportSize({ width: 390, height: 844 });
    await eventually(async () => assert.ok(await page.evaluate(fits), 'scrolls sideways'));
    await picture(page, 'friend-small');
    await page.setViewportSize({ width: 1380, height: 1000 });
  });

  await t.test('a phrase that is another, corrected or written by a script is not sent', async () => {
    const requests = async () => new Set((await authentications()).map(({ requestId }) => requestId));
    const before = await requests();
    await field(page).focus();
    await hand.type('the tide burns', owner());
    await page.keyboard.press('Enter');
    await page.getByText('That was another phrase: nothing was sent').waitFor();
    await page.locator('button[type="submit"][aria-busy="false"]').waitFor();
    await field(page).fill(phrase);
    await page.keyboard.press('Enter');
    await page.getByText('Nothing was measured: type it in one go').waitFor();
    await hand.type('the ti', owner());
    await page.keyboard.press('Backspace');
    await eventually(async () => assert.equal(await field(page).inputValue(), ''));
    await hand.type('the', owner());
    await field(page).blur();
    await field(page).fill('');
    await page.getByLabel('I do').check();
    await attempt(page, hand, owner());
    await grants(page, '24 hours');
    assert.equal((await requests()).size, before.size + 1);
  });

  await t.test('who withdraws consent signs in still, for five minutes, and nothing of it is kept', async () => {
    await until('bursts', () => bursts.length > 15);
    const sealed = async () =>
      (await kafka.seen<BiometricTelemetry>(topics.telemetryBiometric)).filter((burst) => burst.sealed).length;
    await page.getByRole('radio', { name: /^Nothing/ }).check();
    // What was measured before may be on its way still
    await Promise.all(sessions.map((sent) => sent.response()));
    const kept = await sealed();
    await attempt(page, hand, owner());
    await grants(page, '5 minutes');
    await eventually(async () =>
      assert.match((await page.locator('.key-reason').textContent())!, /Nothing was measured/),
    );
    const { reason, consent } = (await authentications()).at(-1)!;
    assert.deepEqual([reason, consent], ['noConsent', 'none']);
    assert.equal(await sealed(), kept);
    await page.getByRole('radio', { name: /^Only while I sign in/ }).check();
  });

  await t.test('who is forgotten is known no more, and can be learned anew', async () => {
    await page.getByRole('button', { name: 'Forget me' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.ok((await signIns(page)) > 0);
    await page.getByRole('button', { name: 'Forget me' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Forget me' }).click();
    await page.getByText('Forgotten: the key that your samples were sealed with is destroyed').waitFor();
    await eventually(async () => assert.equal(await signIns(page), 0));
    const deeds = await kafka.seen<AuditEvent>(topics.actions);
    await until('the record', () => deeds.some(({ action, outcome }) => action === 'eraseUser' && outcome === 'done'));
    await attempt(page, hand, owner());
    await grants(page, '1 hour');
    await page.getByText('Learned 1 of 10').waitFor();
  });
  assert.deepEqual(complaints, []);
});

test('the page is used by keyboard alone, on a small screen too', async (t) => {
  if (!(await requireOrSkip(t, 'chromium', 'openbao'))) return;
  const { console, browser } = await startRig(t);
  const { page, hand, complaints } = await open(browser, console.link, { viewport: { width: 390, height: 780 } });
  const focused = () =>
    page.evaluate(`(() => {
      let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      return at?.textContent || at?.id || '';
    })()`) as Promise<string>;
  const tabTo = async (text: string): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      if ((await focused()) === text) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`Tab does not reach ${text}`);
  };
  await tabTo('Begin');
  await page.keyboard.press('Enter');
  // The question takes the focus
  const focuses = (text: string) => eventually(async () => assert.equal(await focused(), text));
  await focuses('While I work here');
  await page.keyboard.press('Tab');
  await focuses('Only while I sign in');
  await page.keyboard.press('Enter');
  await focuses('behaviour-phrase');
  const owner = typist(0.2, 5, keys);
  for (let i = 0; i < 12; i++) await attempt(page, hand, owner());
  await grants(page, '24 hours');
  // One stop for all points, and arrows between them
  const current = () => page.locator('.risk-point[aria-current="true"]').getAttribute('aria-label');
  while (!(await page.evaluate(`document.activeElement.classList.contains('risk-point')`)))
    await page.keyboard.press('Tab');
  const last = await current();
  await page.keyboard.press('ArrowLeft');
  await eventually(async () => assert.notEqual(await current(), last));
  await page.keyboard.press('ArrowRight');
  await eventually(async () => assert.equal(await current(), last));
  assert.deepEqual(complaints, []);
});
