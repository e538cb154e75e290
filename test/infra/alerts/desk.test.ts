import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { openAlertDesk } from '../../../infra/alerts/desk.ts';
import { createLogger } from '../../../infra/log.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Alert, Notification } from '../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import { MemoryKafka } from '../console/memory-kafka.ts';

test('an alert desk knows the newest alerts by their own time, though a topic is read one partition after another', async (t) => {
  const kafka = new MemoryKafka();
  const context = { kafka, registry: new MemoryRegistry(), metrics: new Registry(), log: createLogger('test') };
  const alerts = await TopicCodec.open<Alert>(topics.alerts, context.registry);
  const notifications = await TopicCodec.open<Notification>(topics.notifications, context.registry);
  const raise = (alertId: string, at: number): void => {
    const alert: Alert = {
      ...{
        alertId,
        subject: alertId,
        pipeline: 'lifecycle',
        kind: 'revoked',
        severity: 'critical',
        summary: 'Revoked',
      },
      ...{ decisionId: null, at },
    };
    kafka.publish(topics.alerts.name, alertId, alerts.encode(alert), at);
  };
  const acknowledge = (alertId: string, at: number): void => {
    const notification: Notification = {
      ...{ notificationId: `acknowledged/${alertId}`, alertId, route: '', partition: 0, offset: 0 },
      ...{ state: 'acknowledged', body: '', attempts: 0, status: 0, detail: 'ann', at },
    };
    kafka.publish(topics.notifications.name, notification.notificationId, notifications.encode(notification), at);
  };
  // One partition holds the newest, the next one only older ones
  raise('new', 9_000_000);
  raise('newest', 9_000_001);
  acknowledge('new', 9_000_002);
  for (let index = 0; index < 2_500; index += 1) raise(`old-${index}`, index);
  for (let index = 0; index < 4_500; index += 1) acknowledge(`old-${index}`, index);
  const desk = await openAlertDesk(context, await kafka.producer(), () => 9_000_010);
  t.after(() => desk.close());
  const { entries, total } = desk.find({ state: 'all', severity: '', q: '', offset: 0, limit: 3 });
  assert.deepEqual(
    entries.map(({ alert, state }) => [alert.alertId, state]),
    [
      ['newest', 'open'],
      ['new', 'acknowledged'],
      ['old-2499', 'acknowledged'],
    ],
  );
  assert.equal(total, 2_000);
  assert.deepEqual(
    desk.alerts(2).map(({ alert }) => alert.alertId),
    ['newest', 'new'],
  );
});
