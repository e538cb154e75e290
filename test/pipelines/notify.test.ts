import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { notifyConfig } from '../../infra/alerts/config.ts';
import { startNotify } from '../../infra/alerts/start.ts';
import type { Alert, AlertSeverity, DeadLetter, Notification } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import { type TestKafka, testContext, until } from '../services/context.ts';
import { type Recorded, recorder } from '../services/http.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;

const alertOf = (alertId: string, severity: AlertSeverity = 'warning', rest: Partial<Alert> = {}): Alert => ({
  ...{ alertId, severity, subject: 'cred-1', pipeline: 'lifecycle', kind: 'revoked', summary: 'Revoked' },
  ...{ decisionId: null, at: 1_700_000_000_000 },
  ...rest,
});

const rig = async (t: TestContext) => {
  const context = await testContext(t);
  return {
    context,
    start: async (routes: object[], more: object = {}) => {
      const common = { secret, allowHttp: true, allowPrivateAddress: true };
      const config = { backoffMs: 5, maxBackoffMs: 20, ...more };
      const running = await startNotify(
        context.another(),
        notifyConfig.parse({ ...config, routes: routes.map((route) => ({ name: 'main', ...common, ...route })) }),
      );
      context.closing(() => running.close());
      return running;
    },
  };
};
const raise = (context: TestKafka, ...alerts: Alert[]) => context.write(topics.alerts, alerts);
const idsOf = (requests: readonly Recorded[]) =>
  requests.map(({ body }) => (JSON.parse(body) as { data: Alert }).data.alertId);

test('an alert must reach its webhook signed as Standard Webhooks has it, once, whatever comes twice', async (t) => {
  const { context, start } = await rig(t);
  const { url, requests } = await recorder(t);
  const first = await start([{ url }]);
  await raise(context, alertOf('ä/1'), alertOf('ä/1'), alertOf('b'));
  await until('both alerts', () => requests.length >= 2);
  const { headers, body } = requests[0]!;
  const payload = new Webhook(secret).verify(body, headers as Record<string, string>);
  assert.deepEqual(payload, {
    type: 'alert.revoked',
    timestamp: '2023-11-14T22:13:20.000Z',
    data: alertOf('ä/1'),
  });
  assert.throws(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>));
  const settled = await context.records<Notification>(topics.notifications);
  await until('both records', () => settled.filter(({ state }) => state === 'delivered').length === 2);
  await first.close();

  await start([{ url }]);
  await raise(context, alertOf('ä/1'), alertOf('c'));
  await until('the new alert', () => idsOf(requests).includes('c'));
  assert.deepEqual(idsOf(requests).sort(), ['b', 'c', 'ä/1']);
});

test('alerts must take the routes that their severity, kind and subject fit', async (t) => {
  const { context, start } = await rig(t);
  const all = await recorder(t);
  const some = await recorder(t);
  await start([
    { name: 'all', url: all.url, minSeverity: 'info' },
    { name: 'some', url: some.url, minSeverity: 'critical', kinds: ['rev*'], subjects: ['cred-*'] },
  ]);
  await raise(
    context,
    alertOf('low', 'info'),
    alertOf('other', 'critical', { kind: 'silent' }),
    alertOf('elsewhere', 'critical', { subject: 'vault' }),
    alertOf('right', 'critical'),
  );
  await until('all alerts', () => all.requests.length === 4 && some.requests.length === 1);
  assert.deepEqual(idsOf(some.requests), ['right']);
});

test('a webhook that fails must be tried again under the same id, and Retry-After be honoured', async (t) => {
  const { context, start } = await rig(t);
  const times: number[] = [];
  const { url, requests } = await recorder(t, (_request, number) => {
    times.push(performance.now());
    if (number === 1) return { status: 503 };
    return number === 2 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 204 };
  });
  await start([{ url }]);
  await raise(context, alertOf('a'));
  await until('the third try', () => requests.length === 3);
  assert.equal(new Set(requests.map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.ok(times[2]! - times[1]! >= 995);
  const settled = await context.records<Notification>(topics.notifications);
  const last = await until('its record', () => settled.find(({ state }) => state === 'delivered'));
  assert.deepEqual([last.attempts, last.status], [3, 204]);
});

test('a notification must go to the dead letters after the last try, or at once where trying is in vain', async (t) => {
  const { context, start } = await rig(t);
  const letters = await context.records<DeadLetter>(topics.deadLetters);
  const away = await recorder(t, () => ({ status: 500 }));
  const gone = await recorder(t, () => ({ status: 410 }));
  await start(
    [
      { name: 'away', url: away.url },
      { name: 'gone', url: gone.url },
      { name: 'inside', url: away.url, allowPrivateAddress: false },
    ],
    { tries: 3 },
  );
  await raise(context, alertOf('a'));
  await until('three dead letters', () => letters.length === 3);
  assert.deepEqual([away.requests.length, gone.requests.length], [3, 1]);
  const texts = letters.map(({ message }) => message).sort();
  assert.match(texts[0]!, /Route away after 3 tries: The receiver answered 500/);
  assert.match(texts[1]!, /Route gone after 1 tries: The receiver answered 410/);
  assert.match(texts[2]!, /Route inside .* not a public address/);
  assert.ok(letters.every(({ value, errorCode }) => errorCode === 'WEBHOOK_FAILED' && String(value).includes('"a"')));
});

test('what was pending at the end must be told after the restart, and one webhook must not hold up another', async (t) => {
  const { context, start } = await rig(t);
  let away = true;
  const told: Recorded[] = [];
  const slow = await recorder(t, (request) => {
    if (!away) told.push(request);
    return { status: away ? 503 : 200 };
  });
  const quick = await recorder(t);
  const routes = [
    { name: 'slow', url: slow.url },
    { name: 'quick', url: quick.url },
  ];
  const first = await start(routes, { tries: 50, maxBackoffMs: 500 });
  await raise(context, alertOf('a'), alertOf('b'));
  const states = await context.records<Notification>(topics.notifications);
  await until(
    'the quick webhook, and the record of it',
    () => states.filter(({ route, state }) => route === 'quick' && state === 'delivered').length === 2,
  );
  await until('a try at the slow one', () => slow.requests.length > 1);
  await first.close();
  away = false;
  await start(routes);
  await until('the slow webhook', () => new Set(idsOf(told)).size === 2);
  assert.equal(quick.requests.length, 2);
});

test('what waits for a webhook must be bounded', async (t) => {
  const { context, start } = await rig(t);
  const letters = await context.records<DeadLetter>(topics.deadLetters);
  const { url } = await recorder(t, () => new Promise(() => {}));
  await start([{ url, timeoutMs: 60_000 }], { queue: 2 });
  await raise(context, alertOf('a'), alertOf('b'), alertOf('c'));
  await until('a dead letter', () => letters.length === 1);
  assert.match(letters[0]!.message, /More than 2 notifications wait/);
});

test('startNotify must refuse a secret that is none', async (t) => {
  const { start } = await rig(t);
  await assert.rejects(start([{ url: 'https://example.com', secret: 'whsec_c2hvcnQ=' }]), /24 to 64 bytes in base64/);
});

test('what is no alert must go to the dead letters', async (t) => {
  const { context, start } = await rig(t);
  const letters = await context.records<DeadLetter>(topics.deadLetters);
  const producer = await context.kafka.producer();
  context.closing(() => producer.close());
  await start([]);
  await producer.send([{ topic: topics.alerts.name, key: 'x', value: Buffer.from('rubbish') }]);
  await until('a dead letter', () => letters.length === 1);
  assert.equal(letters[0]!.errorCode, 'RECORD_MALFORMED');
});

test('an alert of long ago must tell nobody, so that a first start raises no flood', async (t) => {
  const context = await testContext(t);
  const { url, requests } = await recorder(t);
  const other = context.another();
  const tomorrow = () => Date.now() + 172_800_000;
  const route = { name: 'main', url, secret, allowHttp: true, allowPrivateAddress: true };
  const running = await startNotify(other, notifyConfig.parse({ routes: [route] }), { now: tomorrow });
  context.closing(() => running.close());
  await raise(context, alertOf('a'), alertOf('b'));
  await until('both passed over', async () => {
    const { values } = await other.metrics.getSingleMetric('ebbtide_notifications_too_old_total')!.get();
    return values[0]?.value === 2;
  });
  assert.equal(requests.length, 0);
});
