import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Label } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { until } from '../../services/context.ts';
import { requireOrSkip } from '../../services/require.ts';
import { eventually, openPage, startBrowser } from './browser.ts';
import { type Harness, startHarness } from './harness.ts';
import { waterLevel } from './pixels.ts';
import { credentialOf, decisionOf, effectOf, scoreOf } from './records.ts';

describe('the page of the console', { timeout: 180_000 }, () => {
  let harness: Harness;
  let browser: Browser | undefined;
  before(async (t) => {
    if (!(await requireOrSkip(t as never, 'chromium'))) return;
    browser = await startBrowser();
    harness = await startHarness({ flushMs: 20 });
    const now = Date.now();
    harness.feed.mode('enforce', now);
    for (const [index, name] of ['checkout', 'invoices', 'mail'].entries())
      harness.feed.credential(
        credentialOf(`cred-${index + 1}`, now + index, { function: name, instance: `${name}-1` }),
        now,
      );
  });
  after(async () => {
    await browser?.close();
    await harness?.close();
  });
  const lane = (page: Page, id: string) => page.locator(`.lane[data-id="${id}"]`);
  const act = (id: string, action: 'extend' | 'shorten' | 'revoke', other = {}) => {
    const now = Date.now();
    const decision = decisionOf(id, action, now, { reason: `Test of ${action}`, ...other });
    harness.feed.decision(decision, now);
    harness.feed.effect(effectOf(decision, now));
    return decision;
  };
  const browserTest = (name: string, body: (browser: Browser) => Promise<void>) =>
    it(name, async (t) => {
      if (await requireOrSkip(t, 'chromium')) await body(browser!);
    });

  browserTest('shows a lane for each credential, and asks nothing of anybody else', async (started) => {
    const { page, complaints } = await openPage(started, harness.console.link);
    await page.locator('.lane').nth(2).waitFor();
    await eventually(async () => {
      assert.deepEqual(await page.locator('.lane-name').allTextContents(), ['checkout', 'invoices', 'mail']);
      assert.equal(await page.locator('.connection').textContent(), 'Live');
      assert.equal(await page.locator('[data-mode="enforce"]').getAttribute('aria-pressed'), 'true');
      assert.equal(new URL(page.url()).search, '');
    });
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  browserTest(
    'draws water that falls with the clock, rises when extended, drops when shortened and is gone when revoked',
    async (started) => {
      const { page } = await openPage(started, harness.console.link);
      const now = Date.now();
      harness.feed.credential(
        credentialOf('tide', now - 10_000, { function: 'tide', expiresAt: now + 90_000, ttlMs: 100_000 }),
        now - 10_000,
      );
      await lane(page, 'tide').waitFor();
      await until('water', async () => (await waterLevel(page, 'tide')) > 0.3);
      const first = await waterLevel(page, 'tide');
      const seconds = (text: string) => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
      const left = async () => seconds((await lane(page, 'tide').locator('.lane-left').textContent())!);
      const leftFirst = await left();
      await until('falling', async () => (await waterLevel(page, 'tide')) < first && (await left()) < leftFirst);
      act('tide', 'extend');
      await until('rising', async () => (await waterLevel(page, 'tide')) > first);
      const state = (word: string) =>
        eventually(async () => assert.equal(await lane(page, 'tide').locator('.state').textContent(), word));
      await state('Extended');
      act('tide', 'shorten');
      await state('Shortened');
      await until('dropping', async () => (await waterLevel(page, 'tide')) < 0.6 * first);
      act('tide', 'revoke');
      harness.demoEvents.next({
        credentialId: 'tide',
        kind: 'refused',
        text: 'Vault refused the next request: 403 permission denied',
        at: Date.now(),
      });
      await until('emptied', async () => (await waterLevel(page, 'tide')) < 0.2);
      await state('Refused by Vault');
      await eventually(async () => {
        assert.equal(
          await lane(page, 'tide').locator('.lane-reason').textContent(),
          'Vault refused the next request: 403 permission denied',
        );
        assert.match((await page.locator('#announcer').textContent())!, /403 permission denied/);
      });
      await page.context().close();
    },
  );

  browserTest('is walked by keyboard: between lanes, between marks, into the details and back', async (started) => {
    const decision = act('cred-2', 'shorten', { features: ['networkSentBytes'] });
    const { page } = await openPage(started, harness.console.link);
    await page.locator('.lane').nth(2).waitFor();
    const focused = () =>
      page.evaluate('document.activeElement.closest(".lane")?.dataset.id') as Promise<string | undefined>;
    const focuses = (id: string | null) => eventually(async () => assert.equal(await focused(), id));
    const first = await page.locator('.lane').first().getAttribute('data-id');
    await lane(page, 'cred-1').focus();
    await page.keyboard.press('ArrowDown');
    await focuses('cred-2');
    // A credential that is issued meanwhile takes the focus from nobody
    const now = Date.now();
    harness.feed.credential(credentialOf('meanwhile', now, { function: 'meanwhile', expiresAt: now + 600_000 }), now);
    await lane(page, 'meanwhile').waitFor();
    assert.equal(await focused(), 'cred-2');
    await page.keyboard.press('ArrowLeft');
    const card = page.locator('#tooltip');
    await card.waitFor();
    await eventually(async () => {
      const told = (await card.textContent())!;
      for (const part of ['Shortened to 30 s', decision.reason, 'network sent bytes', 'enforced (200)', 'abcdef012345'])
        assert.ok(told.includes(part), `${part} in ${told}`);
    });
    await page.keyboard.press('Enter');
    const title = page.locator('#detail-title');
    await eventually(async () => {
      assert.equal(await title.textContent(), 'invoices');
      assert.equal(await page.evaluate('document.activeElement.id'), 'detail-title');
    });
    await page.keyboard.press('Escape');
    await page.locator('#detail').waitFor({ state: 'hidden' });
    await focuses('cred-2');
    await page.keyboard.press('Home');
    await focuses(first);
    // One stop for the whole list: its lane, that lane's name and its button, then out
    for (const stop of ['lane-name', 'lane-act']) {
      await page.keyboard.press('Tab');
      await eventually(async () =>
        assert.deepEqual([await focused(), await page.evaluate('document.activeElement.className')], [first, stop]),
      );
    }
    await page.keyboard.press('Tab');
    await eventually(async () => assert.notEqual(await focused(), first));
    await page.context().close();
  });

  browserTest('describes each lane in words', async (started) => {
    const now = Date.now();
    harness.feed.credential(credentialOf('told', now, { function: 'told', expiresAt: now + 110_000 }), now);
    harness.feed.score(scoreOf('told', now, 0.12), now);
    const { page } = await openPage(started, harness.console.link);
    const described = lane(page, 'told');
    await described.waitFor();
    const id = await described.getAttribute('aria-describedby');
    await eventually(async () =>
      assert.match(
        (await page.locator(`#${id}`).textContent())!,
        /^Steady\. ((1 minute )?\d+ seconds?|1 minute) left of at most 2 minutes\. Score 0\.12\. Nothing decided in the last 2 min/,
      ),
    );
    await page.context().close();
  });

  browserTest('shows every field of a decision and its effect, and posts a label on it', async (started) => {
    const decision = act('cred-1', 'shorten');
    const { page } = await openPage(started, harness.console.link);
    await page.locator('.lane[data-id="cred-1"] .lane-name').click();
    const event = page.locator('details.event').first();
    await event.locator('summary').click();
    await eventually(async () => {
      const text = (await event.textContent())!;
      for (const name of [...Object.keys(decision), 'latencyMs', 'appliedAt', 'requestedTtlMs'])
        assert.ok(
          text.includes(name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)),
          `${name} in ${text}`,
        );
    });
    await page.locator('[data-verdict="maliciousActivity"]').click();
    await page.locator('.label-said', { hasText: 'Labelled as malicious activity by' }).waitFor();
    const codec = await TopicCodec.open<Label>(topics.labels, harness.context.registry);
    const label = codec.decode(harness.kafka.messages.findLast(({ topic }) => topic === topics.labels.name)!.value!);
    assert.deepEqual(
      [label.subject, label.decisionId, label.verdict, label.windowEnd],
      ['cred-1', decision.decisionId, 'maliciousActivity', decision.windowEnd],
    );
    await page.context().close();
  });

  browserTest('throws the kill switch only when confirmed, and says that it is on', async (started) => {
    const { page } = await openPage(started, harness.console.link);
    await page.locator('.kill').click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.locator('.banner').isVisible(), false);
    await page.locator('.kill').click();
    await page.getByLabel('Reason, kept in the record').fill('drill');
    await page.getByRole('button', { name: 'Stop all actions' }).click();
    await page.locator('.banner', { hasText: 'drill' }).waitFor();
    await eventually(async () => assert.equal(await page.locator('.kill').getAttribute('aria-pressed'), 'true'));
    await page.locator('.kill').click();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.locator('.banner').waitFor({ state: 'hidden' });
    await page.context().close();
  });

  browserTest('lets a chosen credential misbehave, and behave again', async (started) => {
    harness.feed.issue(1, Date.now());
    const one = harness.feed.functions.at(-1)!;
    const { page } = await openPage(started, harness.console.link);
    const button = lane(page, one.credential.credentialId).locator('.lane-act');
    await button.click();
    await lane(page, one.credential.credentialId).locator('.lane-act', { hasText: 'Behave again' }).waitFor();
    assert.equal(one.misbehaving, true);
    await button.click();
    await lane(page, one.credential.credentialId).locator('.lane-act', { hasText: 'Misbehave' }).waitFor();
    assert.equal(one.misbehaving, false);
    await page.context().close();
  });

  browserTest('finds lanes by what is typed', async (started) => {
    const { page } = await openPage(started, harness.console.link);
    await page.locator('.lane').nth(2).waitFor();
    await page.getByLabel('Find credentials').fill('invo');
    await until('one lane', async () => (await page.locator('.lane').count()) === 1);
    await eventually(async () =>
      assert.match((await page.locator('.counted').textContent())!, /^1 of \d+ credentials$/),
    );
    await page.getByLabel('Find credentials').fill('nothing like it');
    await page.locator('#empty', { hasText: 'No credential matches.' }).waitFor();
    await page.context().close();
  });
});
