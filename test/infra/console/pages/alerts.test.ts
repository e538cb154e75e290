import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { silenceSetting } from '../../../../infra/alerts/silences.ts';
import { TopicCodec } from '../../../../schemas/codec.ts';
import { controlRecord } from '../../../../schemas/control.ts';
import type { Alert, Control, Notification } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { eventually } from '../browser.ts';
import { assertForEveryone, everyWindow } from './everyone.ts';
import { heading, type Stage, setStage } from './stage.ts';

const tell = async ({ harness }: Stage, subject: string, changed: Partial<Alert> = {}, route = 'pager') => {
  const { registry } = harness.context;
  const alerts = await TopicCodec.open<Alert>(topics.alerts, registry);
  const notifications = await TopicCodec.open<Notification>(topics.notifications, registry);
  const alert: Alert = {
    ...{ alertId: `drift/${subject}`, subject, pipeline: 'lifecycle', kind: 'drift', severity: 'warning' },
    ...{ summary: `Scores of ${subject} have drifted`, decisionId: null, at: Date.now(), ...changed },
  };
  harness.kafka.publish(topics.alerts.name, subject, alerts.encode(alert), alert.at);
  const one: Notification = {
    ...{ notificationId: `${route}/${alert.alertId}`, alertId: alert.alertId, route, partition: 0, offset: 0 },
    ...{ state: 'delivered', body: '', attempts: 1, status: 200, detail: '', at: alert.at },
  };
  harness.kafka.publish(topics.notifications.name, one.notificationId, notifications.encode(one), alert.at);
  return alert;
};

describe('alerts', { timeout: 300_000 }, () => {
  const { test } = setStage();

  test('are acknowledged and silenced by keys alone, and whoever looks sees who was told', async (stage) => {
    await tell(stage, 'cred-checkout', { severity: 'critical', at: Date.now() - 1_000 });
    await tell(stage, 'cred-<b>mail</b>');
    const { page, complaints } = await stage.open('/alerts');
    await page.locator('.row .row-name').nth(1).waitFor();
    await page.keyboard.press('j');
    await page.locator('.panel h2', { hasText: 'cred-<b>mail</b>' }).waitFor();
    await page.keyboard.press('j');
    await page.locator('.panel h2', { hasText: 'cred-checkout' }).waitFor();
    await eventually(async () => {
      assert.equal(await page.locator('.routes .route-name').textContent(), 'pager');
      assert.equal(await page.locator('.routes .route-state').textContent(), 'told');
    });
    await page.keyboard.press('a');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.type('the owner looks at it');
    await page.keyboard.press('Enter');
    await page.locator('.toast', { hasText: 'you see to it' }).waitFor();
    // It is open no longer, and the next one is at hand
    await page.locator('.panel h2', { hasText: 'cred-<b>mail</b>' }).waitFor();
    await page.keyboard.press('s');
    await page.locator('dialog[open]').waitFor();
    await eventually(async () => assert.equal(await page.getByLabel('Kinds of alerts').inputValue(), 'drift'));
    await page.getByLabel('Reason, kept in the record').fill('deployed at 3');
    await page.keyboard.press('Enter');
    const silence = page.locator('.silences li', { hasText: 'deployed at 3' });
    await silence.waitFor();
    await silence.getByRole('button', { name: 'End it…' }).click();
    await page.locator('#reason').fill('over');
    await page.keyboard.press('Enter');
    await silence.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Seen to' }).click();
    await page.locator('.row-text', { hasText: 'the owner looks at it' }).waitFor();
    await eventually(() => assert.equal(new URL(page.url()).search, '?state=acknowledged'));
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('come live, are counted in the navigation, and are over when their cause has ended', async (stage) => {
    const { page } = await stage.open('/alerts?q=live');
    await page.locator('.nothing-title').waitFor();
    const alert = await tell(stage, 'cred-live');
    await page.locator('.row .row-name', { hasText: 'cred-live' }).waitFor();
    await page.locator('.rail-link[href="/alerts"] .rail-count').waitFor();
    await tell(stage, 'cred-live', { alertId: `resolved/${alert.alertId}`, kind: 'resolved', severity: 'info' });
    await page.locator('.nothing-title').waitFor();
    await page.getByRole('button', { name: 'Over', exact: true }).click();
    await page.locator('.row .row-text', { hasText: 'its cause has ended' }).waitFor();
    await eventually(async () => assert.equal(await page.locator('.row').count(), 1));
    await page.context().close();
  });

  test('are tested: the page shows the test, and that no route took it', async (stage) => {
    const { page } = await stage.open('/alerts');
    await heading(page, 'Alerts');
    await page.keyboard.press('e');
    await page.locator('dialog[open]').waitFor();
    await page.getByLabel('Severity').last().selectOption('info');
    await page.getByRole('button', { name: 'Send a test', exact: true }).click();
    await page.locator('.row .row-text', { hasText: 'nothing is wrong' }).waitFor();
    await eventually(() => assert.match(page.url(), /state=all&q=test/));
    await page.locator('.row-text', { hasText: 'no route takes it' }).waitFor();
    await page.context().close();
  });
});

describe('the record', { timeout: 300_000 }, () => {
  const { test } = setStage();

  test('shows what people do as they do it, to be found by the address and taken away as a file', async (stage) => {
    const { page, complaints } = await stage.open('/record');
    await heading(page, 'Record');
    await page.locator('.row .row-name').first().waitFor();
    const { harness } = stage;
    const cookie = await harness.enter();
    const exempt = { credentialId: 'cred-checkout', forMs: 60_000, reason: '<i>load test</i>' };
    const answer = await fetch(new URL('/api/credentials/exempt', harness.console.address), {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', 'x-ebbtide-console': '1' },
      body: JSON.stringify(exempt),
    });
    assert.equal(answer.status, 200);
    const row = page.locator('.row', { hasText: '<i>load test</i>' });
    await row.locator('.record-state', { hasText: 'done' }).waitFor();
    await row.click({ position: { x: 8, y: 8 } });
    await page.locator('.panel .details-json', { hasText: 'value' }).waitFor();
    await page.getByRole('link', { name: 'All about it' }).click();
    await page.waitForURL(/\/record\?q=cred-checkout$/);
    await row.waitFor();
    await page.getByLabel('Outcome').selectOption('refused');
    await page.locator('.nothing-title').waitFor();
    await page.getByLabel('Outcome').selectOption('done');
    await row.waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as CSV' }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^ebbtide-actions-\d{4}-\d{2}-\d{2}\.csv$/);
    const lines: string[] = [];
    for await (const piece of await download.createReadStream()) lines.push(String(piece));
    assert.match(lines.join(''), /"exempt","cred-checkout","done","<i>load test<\/i>"/);
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
});

describe('alerts and the record for everyone', { timeout: 400_000 }, () => {
  const { test } = setStage();
  let told = false;
  for (const [how, options] of everyWindow)
    for (const [path, title] of [
      ['/alerts', 'Alerts'],
      ['/record', 'Record'],
    ] as const)
      test(`axe-core finds nothing in ${title}, ${how}, and it fits`, async (stage) => {
        if (!told) {
          await tell(stage, 'cred-checkout', { severity: 'critical' });
          await tell(stage, 'cred-invoices', {}, 'chat-of-the-platform-team');
          const silence = controlRecord(
            {
              ...silenceSetting({ subject: 'cred-mail*', kinds: '*', forMs: 3_600_000, reason: 'moves' }, Date.now()),
              by: 'ann',
            },
            Date.now(),
          );
          const codec = await TopicCodec.open<Control>(topics.control, stage.harness.context.registry);
          stage.harness.kafka.publish(topics.control.name, silence.key, codec.encode(silence), Date.now());
          told = true;
        }
        const { page, complaints } = await stage.open(path, options);
        await heading(page, title);
        await page
          .locator('.row')
          .first()
          .click({ position: { x: 8, y: 8 } });
        await page.locator('.panel').waitFor();
        await assertForEveryone(page, `${path} ${how}`);
        assert.deepEqual(complaints, []);
        await page.context().close();
      });
});
