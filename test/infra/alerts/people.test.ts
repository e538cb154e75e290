import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { bodyOf, resolvedId, type Told } from '../../../infra/alerts/body.ts';
import { notifyConfig } from '../../../infra/alerts/config.ts';
import { silenceSetting } from '../../../infra/alerts/silences.ts';
import { startNotify } from '../../../infra/alerts/start.ts';
import { mailConfig } from '../../../infra/services/mail/config.ts';
import { controlRecord } from '../../../schemas/control.ts';
import type { Alert, Control, Notification } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { testContext, until } from '../../services/context.ts';
import { type Recorded, recorder } from '../../services/http.ts';
import { smtp } from '../../services/smtp.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const alertOf = (alertId: string, rest: Partial<Alert> = {}): Alert => ({
  ...{ alertId, severity: 'critical', subject: 'cred-1', pipeline: 'lifecycle', kind: 'revoked', summary: 'Revoked' },
  ...{ decisionId: null, at: 1_700_000_000_000 },
  ...rest,
});
const reach = { allowHttp: true, allowPrivateAddress: true };

const rig = async (t: TestContext, mail = mailConfig.parse({})) => {
  const context = await testContext(t);
  return {
    context,
    raise: (...alerts: Alert[]) => context.write(topics.alerts, alerts),
    states: await context.records<Notification>(topics.notifications),
    start: async (routes: object[]) => {
      const config = notifyConfig.parse({
        ...{ backoffMs: 5, maxBackoffMs: 20, tries: 2 },
        routes: routes.map((route) => ({ ...reach, ...route })),
      });
      const running = await startNotify(context.another(), config, { mail });
      context.closing(() => running.close());
      return running;
    },
  };
};
const bodies = (requests: readonly Recorded[]) => requests.map(({ body }) => JSON.parse(body));
const idsOf = (requests: readonly Recorded[]): string[][] =>
  bodies(requests).map(({ data }) => [data].flat().map(({ alertId }: Alert) => alertId));

test('an alert must reach a chat, a pager and a mailbox in the form of each', async (t) => {
  const server = await smtp(t);
  const mail = mailConfig.parse({ port: server.port, tls: 'none', from: 'ebbtide@example.org' });
  const { raise, start } = await rig(t, mail);
  const [chat, pager] = [await recorder(t), await recorder(t, () => ({ status: 202 }))];
  await start([
    { name: 'chat', type: 'slack', url: `${chat.url}/services/T0` },
    { name: 'pager', type: 'pagerduty', url: `${pager.url}/v2/enqueue`, secret: 'key-1' },
    { name: 'post', type: 'mail', to: ['soc@example.org', 'cto@example.org'] },
  ]);
  await raise(alertOf('a', { subject: '<!channel> & co', summary: 'Revoked\r\nBcc: x@example.org' }));
  await until('all three', () => chat.requests.length + pager.requests.length + server.got.length === 3);
  const [message] = bodies(chat.requests);
  assert.match(message.text, /^:rotating_light: revoked: Revoked Bcc/);
  assert.match(message.blocks[1].text.text, /`&lt;!channel&gt; &amp; co`/);
  const [event] = bodies(pager.requests);
  assert.deepEqual(
    [event.routing_key, event.event_action, event.payload.severity, event.payload.source, event.payload.class],
    ['key-1', 'trigger', 'critical', '<!channel> & co', 'revoked'],
  );
  assert.equal(event.payload.timestamp, '2023-11-14T22:13:20.000Z');
  const [letter] = server.got;
  assert.equal(letter!.to, 'soc@example.org,cto@example.org');
  assert.match(letter!.text, /^Subject: \[critical\] revoked: Revoked Bcc: x@example\.org\r$/m);
  assert.doesNotMatch(letter!.text, /^Bcc:/m);

  await raise(alertOf(resolvedId('a'), { kind: 'resolved', severity: 'info', summary: 'Back' }));
  await until('the end', () => pager.requests.length === 2 && chat.requests.length === 2 && server.got.length === 2);
  assert.deepEqual(bodies(pager.requests)[1], {
    ...{ routing_key: 'key-1', dedup_key: event.dedup_key, event_action: 'resolve' },
  });
});

test('what belongs together must be told together, across a restart too', async (t) => {
  const { raise, start, states } = await rig(t);
  const { url, requests } = await recorder(t);
  const route = { name: 'hook', url, secret, groupBy: ['subject'] };
  const first = await start([{ ...route, groupMs: 60_000 }]);
  await raise(alertOf('a'), alertOf('b'), alertOf('c'), alertOf('other', { subject: 'cred-2' }));
  const settled = (wanted: Notification['state'], count: number) =>
    until(`${count} ${wanted}`, () => states.filter(({ state }) => state === wanted).length === count);
  await until('the first of each group', () => requests.length === 2);
  await settled('delivered', 2);
  await settled('grouped', 2);
  await first.close();
  await start([{ ...route, groupMs: 500 }]);
  await until('the rest', () => requests.length === 3);
  assert.deepEqual(
    idsOf(requests)
      .map((ids) => ids.sort().join())
      .sort(),
    ['a', 'b,c', 'other'],
  );
  assert.equal(bodies(requests)[2].type, 'alerts');
  await settled('merged', 2);
});

test('a silence must hold back what it names until it ends, and refuse to last for ever', async (t) => {
  const { context, raise, start, states } = await rig(t);
  const { url, requests } = await recorder(t);
  const silence = (forMs: number) => {
    const wish = { subject: 'cred-*', kinds: 'revoked', forMs, reason: 'drill' };
    const record = controlRecord({ ...silenceSetting(wish, Date.now()), by: 'ann' }, Date.now());
    return context.write<Control>(topics.control, [record]);
  };
  await silence(3_600_000);
  await start([{ name: 'hook', url, secret }]);
  await raise(alertOf('a'), alertOf('b', { kind: 'silent' }), alertOf('c', { subject: 'vault' }));
  await until('what is not silenced', () => requests.length === 2);
  assert.deepEqual(idsOf(requests).flat().sort(), ['b', 'c']);
  const held = await until('the record', () => states.find(({ state }) => state === 'silenced'));
  assert.deepEqual([held.alertId, held.detail], ['a', 'Silenced by ann: drill']);
  await silence(0);
  let number = 0;
  await until('the end of the silence', async () => {
    await raise(alertOf(`again/${number++}`));
    return idsOf(requests)
      .flat()
      .some((id) => id.startsWith('again/'));
  });
  const endless = { kind: 'silence', subject: '*', value: { on: true, kinds: '*' }, by: 'ann', reason: '' } as const;
  assert.throws(() => controlRecord(endless, 1), /when it ends/);
});

test('what nobody acknowledges must go to the next route, and what somebody does must not, across restarts', async (t) => {
  const { context, raise, start, states } = await rig(t);
  const [chat, pager] = [await recorder(t), await recorder(t, () => ({ status: 202 }))];
  const routes = (escalateAfterMs: number) => [
    { name: 'chat', url: chat.url, secret, escalateTo: 'pager', escalateAfterMs },
    { name: 'pager', type: 'pagerduty', url: pager.url, secret: 'key', escalationOnly: true },
  ];
  const first = await start(routes(3_600_000));
  await raise(alertOf('seen'), alertOf('unseen'), alertOf('over'));
  await until('all told', () => chat.requests.length === 3);
  await until('on record', () => states.filter(({ state }) => state === 'delivered').length === 3);
  await raise(alertOf(resolvedId('over'), { kind: 'resolved' }));
  await until('the end', () => chat.requests.length === 4);
  await until('that on record', () => states.filter(({ state }) => state === 'delivered').length === 4);
  await context.write<Notification>(topics.notifications, [acknowledged('seen')]);
  await first.close();
  assert.equal(pager.requests.length, 0);
  await start(routes(50));
  await until('the page', () => pager.requests.length === 1);
  await until('its record', () => states.some(({ state }) => state === 'escalated'));
  const [page] = bodies(pager.requests);
  assert.equal(page.payload.summary, 'Not acknowledged on chat: revoked: Revoked');
  assert.equal(page.payload.custom_details.alerts[0].alertId, 'unseen');
  assert.equal(states.filter(({ state }) => state === 'escalated').length, 1);
});

test('what a route cannot tell must go to the next at once', async (t) => {
  const { raise, start } = await rig(t);
  const [away, pager] = [await recorder(t, () => ({ status: 500 })), await recorder(t)];
  await start([
    { name: 'chat', url: away.url, secret, escalateTo: 'pager', escalateAfterMs: 3_600_000 },
    { name: 'pager', url: pager.url, secret, escalationOnly: true },
  ]);
  await raise(alertOf('a'));
  await until('the page', () => pager.requests.length === 1);
  assert.deepEqual([idsOf(pager.requests), bodies(pager.requests)[0].escalatedFrom], [[['a']], 'chat']);
});

test('routes must be refused that cannot work', () => {
  const refused = (routes: object[], why: RegExp) => assert.throws(() => notifyConfig.parse({ routes }), why);
  const hook = { name: 'hook', url: 'https://example.com', secret };
  refused([{ ...hook, secret: undefined }], /either a secret or a secretFile/);
  refused([{ ...hook, escalateTo: 'nobody' }], /no route nobody/);
  refused(
    [
      { ...hook, escalateTo: 'b' },
      { ...hook, name: 'b', escalateTo: 'hook' },
    ],
    /comes back/,
  );
  refused([{ name: 'post', type: 'mail' }], /at least one address/);
  refused([{ name: 'chat', type: 'slack' }], /either a url, a secret/);
  refused([{ name: 'pager', type: 'pagerduty', secret: 'x', groupBy: ['subject'] }], /an incident for each alert/);
});

test('bodyOf must say what toldBy reads', async () => {
  const { toldBy } = await import('../../../infra/alerts/body.ts');
  for (const told of [
    { alerts: [alertOf('a')] },
    { alerts: [alertOf('a'), alertOf('b')], escalatedFrom: 'chat' },
  ] satisfies Told[])
    assert.deepEqual(toldBy(bodyOf(told)), told);
});

const acknowledged = (alertId: string): Notification => ({
  ...{ notificationId: `acknowledged/${alertId}`, alertId, route: '', partition: 0, offset: 0, state: 'acknowledged' },
  ...{ body: '', attempts: 0, status: 0, detail: 'ann: on it', at: 1 },
});
