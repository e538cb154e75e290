import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { TopicCodec } from '../../../../schemas/codec.ts';
import type { Label } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { until } from '../../../services/context.ts';
import { eventually } from '../browser.ts';
import { decisionOf } from '../records.ts';
import { heading, setStage } from './stage.ts';

describe('the queue', { timeout: 240_000 }, () => {
  const { test } = setStage();

  test('is judged by keys alone: next, note, label, undo', async ({ act, open, harness }) => {
    const grave = act('cred-checkout', 'revoke');
    const milder = act('cred-invoices', 'shorten');
    const codec = await TopicCodec.open<Label>(topics.labels, harness.context.registry);
    const labels = () =>
      harness.kafka.messages
        .filter(({ topic }) => topic === topics.labels.name)
        .map(({ value }) => codec.decode(value!));
    const { page, complaints } = await open('/queue');
    await page.locator('.row .row-name').nth(1).waitFor();
    const names = page.locator('.row .row-name');
    await eventually(async () => assert.deepEqual(await names.allTextContents(), ['checkout', 'invoices']));
    await page.keyboard.press('j');
    await page.locator('.panel h2', { hasText: 'checkout' }).waitFor();
    await page.keyboard.press('n');
    await eventually(async () => assert.equal(await page.evaluate('document.activeElement.id'), 'note'));
    await page.keyboard.type('seen in the log: 1, a, m');
    await page.locator('.row[data-index="0"]').focus();
    await page.keyboard.press('m');
    await page.locator('.toast', { hasText: /malicious activity.* must keep showing this/ }).waitFor();
    await until('a label', () => labels().length === 1);
    const [label] = labels();
    assert.deepEqual(
      [label!.decisionId, label!.verdict, label!.note],
      [grave.decisionId, 'maliciousActivity', 'seen in the log: 1, a, m'],
    );
    // The next one is at hand already
    await page.locator('.panel h2', { hasText: 'invoices' }).waitFor();
    await page.keyboard.press('2');
    await until('another label', () => labels().length === 2);
    assert.deepEqual([labels()[1]!.decisionId, labels()[1]!.verdict], [milder.decisionId, 'falsePositive']);
    await page.locator('.nothing-title', { hasText: 'Nothing waits' }).waitFor();
    await page.keyboard.press('u');
    await until('it taken back', () => labels()[2]?.verdict === 'withdrawn');
    await eventually(async () => assert.deepEqual(await names.allTextContents(), ['invoices']));
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('keeps its filters in the address, and shows text as text', async ({ act, open }) => {
    act('<img src=x onerror=alert(1)>', 'shorten', '<b>bold</b> reason');
    const { page, complaints } = await open('/queue?q=bold');
    await eventually(async () => {
      assert.deepEqual(await page.locator('.row .row-name').allTextContents(), ['<img src=x onerror=alert(1)>']);
      assert.equal(await page.locator('.row-text').first().textContent(), '<b>bold</b> reason');
    });
    await page.getByLabel('What happened').selectOption('revoke');
    await page.locator('.nothing-title').waitFor();
    await eventually(() => assert.equal(new URL(page.url()).search, '?q=bold&action=revoke'));
    await page.getByLabel('Find subject or reason').fill('');
    await until('the address', () => new URL(page.url()).search === '?action=revoke');
    await page.reload();
    await eventually(async () => assert.equal(await page.getByLabel('What happened').inputValue(), 'revoke'));
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('tells of what came while somebody is at work, instead of moving the rows', async ({ act, open }) => {
    const { page } = await open('/queue');
    await page
      .locator('.row')
      .first()
      .click({ position: { x: 8, y: 8 } });
    await page.locator('.panel').waitFor();
    const before = await page.locator('.row .row-name').allTextContents();
    act('cred-mail', 'revoke');
    await page.getByRole('button', { name: 'Something changed' }).waitFor();
    assert.deepEqual(await page.locator('.row .row-name').allTextContents(), before);
    await page.keyboard.press('r');
    await page.locator('.row .row-name', { hasText: 'mail' }).waitFor();
    await page.context().close();
  });

  test('shows an episode as one row, and judges and takes back all of it at once', async ({ open, harness }) => {
    const now = Date.now();
    const made = (['shorten', 'revoke', 'shorten'] as const).map((action, index) =>
      decisionOf('cred-flapping', action, now - 60_000 * index),
    );
    for (const decision of made) harness.feed.decision(decision, now);
    const codec = await TopicCodec.open<Label>(topics.labels, harness.context.registry);
    const labels = (verdict: Label['verdict']) =>
      harness.kafka.messages
        .filter(({ topic }) => topic === topics.labels.name)
        .map(({ value }) => codec.decode(value!))
        .filter((label) => label.subject === 'cred-flapping' && label.verdict === verdict)
        .map(({ decisionId }) => decisionId)
        .sort();
    const expected = made.map(({ decisionId }) => decisionId).sort();
    const { page, complaints } = await open('/queue?q=flapping');
    const row = page.locator('.row');
    await row.locator('.deed[data-kind="revoke"]').waitFor();
    await eventually(async () => {
      assert.equal(await row.count(), 1);
      assert.match((await row.locator('.episode').textContent())!, new RegExp(`× ${expected.length}`));
    });
    await page.keyboard.press('j');
    await page.locator('.panel dt', { hasText: 'Episode' }).waitFor();
    await page.keyboard.press('1');
    await page.locator('.nothing-title').waitFor();
    await eventually(() => assert.deepEqual(labels('legitimateAnomaly'), expected));
    await page.keyboard.press('u');
    await row.locator('.episode').waitFor();
    await eventually(() => assert.deepEqual(labels('withdrawn'), expected));
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('takes back the judgement made last, though the server has not answered it yet', async (stage) => {
    const { harness, open } = stage;
    for (const id of ['cred-first', 'cred-second']) stage.act(id, 'shorten', 'on a slow line');
    const codec = await TopicCodec.open<Label>(topics.labels, harness.context.registry);
    const said = () =>
      harness.kafka.messages
        .filter(({ topic }) => topic === topics.labels.name)
        .map(({ value }) => codec.decode(value!))
        .filter(({ subject }) => ['cred-first', 'cred-second'].includes(subject))
        .map(({ subject, verdict }) => `${subject} ${verdict}`);
    const { page } = await open('/queue?q=slow');
    const names = page.locator('.row .row-name');
    await eventually(async () => assert.equal(await names.count(), 2));
    const [first, second] = await names.allTextContents();
    await page.keyboard.press('j');
    await page.locator('.panel h2', { hasText: first! }).waitFor();
    await page.keyboard.press('1');
    await page.locator('.panel h2', { hasText: second! }).waitFor();
    await eventually(() => assert.deepEqual(said(), [`${first} legitimateAnomaly`]));
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/api/labels', async (route) => {
      await held;
      await route.continue();
    });
    await page.keyboard.press('2');
    await page.locator('.panel').waitFor({ state: 'detached' });
    await page.keyboard.press('u');
    answer();
    await eventually(() => assert.deepEqual(said().slice(1), [`${second} falsePositive`, `${second} withdrawn`]));
    await page.context().close();
  });

  test('opens an investigation about an entry', async ({ open }) => {
    const { page } = await open('/queue?state=all');
    await page
      .locator('.row')
      .first()
      .click({ position: { x: 8, y: 8 } });
    await page.getByRole('button', { name: 'Open an investigation' }).click();
    await heading(page, /revoked/);
    await eventually(() => assert.match(page.url(), /\/investigations\/[0-9a-f]{12}$/));
    await page.context().close();
  });
});
