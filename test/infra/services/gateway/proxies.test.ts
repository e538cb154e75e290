import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ApiTelemetry } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { privateKafka } from '../../../services/kafka.ts';
import { envoy, nginx, type ProxyTargets } from '../../../services/proxies.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { type KafkaRig, kafkaRigAt, until } from '../../vault/rig.ts';
import { gatewayOn, lift, override, type Received, readiness, row, startBackend } from './stage.ts';

const secret = 'ak-4f9d1c77e2';
const reference = { default: 'kv/data/backend/{credential}/rw', 'read-only': 'kv/data/backend/orders-ro' };
const routes = [
  { path: '/orders', service: 'orders' },
  { path: '/orders/{id}', service: 'orders' },
  { path: '/billing/**', service: 'billing' },
  { path: '/stock/**', service: 'stock', mode: 'shadow' },
  { path: '/admin/**', service: 'admin' },
];
const scopes = { 'no-secrets': { allow: [{}], deny: [{ resources: ['/admin/secret/**'] }] } };

interface Stage {
  readonly rig: KafkaRig;
  readonly gateway: Awaited<ReturnType<typeof gatewayOn>>;
  readonly backend: { readonly port: number; readonly received: Received[] };
}

const setStage = async (t: TestContext): Promise<Stage> => {
  const rig = await kafkaRigAt(t, (await privateKafka(t)).brokers);
  const backend = await startBackend(t);
  const gateway = await gatewayOn(t, rig, { routes }, scopes);
  return { rig, gateway, backend };
};

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly correlationId: string;
}

/** What holds through every proxy alike. */
const behave = async (t: TestContext, { rig, gateway, backend }: Stage, url: string, tellsLength: boolean) => {
  const caller = `${secret}-${new URL(url).port}`;
  const credential = gateway.identifier(caller);
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { 'x-api-key': caller, ...(init.headers as Record<string, string>) } });
  const answers = (path: string, status: number, init?: RequestInit) =>
    until(`${path} answers ${status}`, async () => {
      const response = await call(path, init);
      const text = await response.text();
      return response.status === status && { response, text };
    });
  const refused = async (response: Response, text: string, status: number, code: string) => {
    assert.equal(response.status, status);
    const body = JSON.parse(text) as Problem;
    assert.deepEqual({ status: body.status, code: body.code }, { status, code });
    assert.match(body.correlationId, /^[\w.:-]{8,}$/);
    assert.match(response.headers.get('content-type') ?? '', /problem\+json/);
    const told = `${text}${JSON.stringify([...response.headers])}`;
    for (const hidden of ['read-only', 'risk', 'night', 'override', 'backend-credential', credential, caller])
      assert.ok(!told.includes(hidden), `the refusal tells of ${hidden}: ${told}`);
    return body;
  };
  await rig.send(
    topics.translations,
    row(credential, 'orders', { backendCredentials: reference }),
    row(credential, 'billing', { defaultScope: 'read-only' }),
    row(credential, 'admin', { defaultScope: 'no-secrets' }),
  );

  await t.test('lets through what the row entitles to, with the reference of the backend credential', async () => {
    const spoofed = {
      'x-ebbtide-backend-credential': 'kv/data/root',
      'x-ebbtide-scope': 'default',
      'x-ebbtide-reasons': 'x',
    };
    const { text } = await answers('/orders/7?full=1', 200, { method: 'PUT', body: '{"n":1}', headers: spoofed });
    const { headers, bytes, method, url: target } = JSON.parse(text) as Received;
    assert.equal(headers['x-ebbtide-backend-credential'], `kv/data/backend/${credential}/rw`);
    assert.equal(headers['x-ebbtide-scope'], 'default');
    assert.equal(headers['x-ebbtide-credential'], credential);
    assert.equal(headers['x-ebbtide-decision'], '0a1b2c3d-0');
    assert.equal(headers['x-ebbtide-reasons'], undefined);
    assert.equal(headers['x-api-key'], undefined, 'the backend sees no credential of callers');
    assert.deepEqual({ method, target, bytes }, { method: 'PUT', target: '/orders/7?full=1', bytes: 7 });
  });

  await t.test(
    'refuses what the default scope does not allow, a service without a row, and an unknown path',
    async () => {
      await answers('/billing/1', 200);
      for (const [path, init] of [
        ['/billing/1', { method: 'POST' }],
        ['/nowhere', {}],
        ['/orders/1/lines', {}],
        ['/orders/%2e%2e%2fbilling', {}],
      ] as const) {
        const response = await call(path, init);
        const text = await response.text();
        // Envoy itself refuses escaped slashes
        if (response.status === 400) continue;
        await refused(response, text, 403, 'forbidden');
      }
    },
  );

  await t.test('refuses a path that a scope denies, however it is encoded', async () => {
    await answers('/admin/open/1', 200);
    for (const path of ['/admin/secret/1', '/admin/s%65cret/1', '/admin/%73ecret/%31']) {
      const response = await call(path);
      await refused(response, await response.text(), 403, 'forbidden');
    }
  });

  await t.test('asks for a credential where there is none, and refuses one that nobody knows', async () => {
    const without = await fetch(`${url}/orders`);
    assert.equal(without.headers.get('www-authenticate'), 'Bearer');
    await refused(without, await without.text(), 401, 'credential-missing');
    const unknown = await fetch(`${url}/orders`, { headers: { 'x-api-key': 'guessed' } });
    await refused(unknown, await unknown.text(), 403, 'forbidden');
  });

  await t.test('an override narrows at once, and its end gives back what the row entitles to', async () => {
    await rig.send(topics.scopeOverrides, override(credential, 'read-only'));
    const { response, text } = await answers('/orders/7', 403, { method: 'DELETE' });
    await refused(response, text, 403, 'forbidden');
    const read = JSON.parse(await (await call('/orders/7')).text()) as Received;
    assert.equal(read.headers['x-ebbtide-scope'], 'read-only');
    assert.equal(read.headers['x-ebbtide-backend-credential'], 'kv/data/backend/orders-ro');
    assert.match(String(read.headers['x-ebbtide-decision']), /^0a1b2c3d-[0-9a-f]{8}$/);
    const hidden = await call('/orders/7', { headers: { 'x-http-method-override': 'DELETE' } });
    await refused(hidden, await hidden.text(), 403, 'forbidden');

    await rig.send(
      topics.scopeOverrides,
      override(credential, 'single-service', { service: 'billing', decisionId: 'scope/2' }),
    );
    await answers('/orders/7', 403);
    await answers('/billing/1', 200);
    await rig.send(topics.scopeOverrides, override(credential, 'blocked', { decisionId: 'scope/3' }));
    await answers('/billing/1', 403);
    await lift(rig, credential);
    await answers('/orders/7', 200, { method: 'DELETE' });
  });

  await t.test('an override in shadow mode only reports', async () => {
    await rig.send(topics.scopeOverrides, override(credential, 'blocked', { mode: 'shadow', decisionId: 'scope/4' }));
    await until(
      'the log tells of it',
      () =>
        rig.lines.some((line) => line.includes('scope/4') && line.includes('would be refused')) ||
        call('/orders').then(() => false),
    );
    assert.equal((await call('/orders')).status, 200);
    await lift(rig, credential);
  });

  await t.test(
    'a route in shadow mode lets through, and nothing that the caller sent stands in its headers',
    async () => {
      const spoofed = { 'x-ebbtide-backend-credential': 'kv/data/root', 'x-ebbtide-credential': 'admin' };
      const { text } = await answers('/stock/1', 200, { headers: spoofed });
      const { headers } = JSON.parse(text) as Received;
      assert.ok(!headers['x-ebbtide-backend-credential'], headers['x-ebbtide-backend-credential'] as string);
      assert.notEqual(headers['x-ebbtide-credential'], 'admin');
    },
  );

  await t.test('a large body passes, and a large header does no harm', async () => {
    const body = 'x'.repeat(2_000_000);
    const { text } = await answers('/orders/7', 200, { method: 'PUT', body });
    assert.equal((JSON.parse(text) as Received).bytes, body.length);
    const large = await fetch(`${url}/orders`, { headers: { 'x-api-key': 'k'.repeat(20_000) } });
    assert.ok([401, 403, 400, 431].includes(large.status), String(large.status));
    await large.text();
    await answers('/orders/7', 200);
  });

  await t.test('each decided request is told in telemetry.api, without the credential itself', async () => {
    const told = await rig.seen<ApiTelemetry>(topics.telemetryApi);
    // Envoy over HTTP tells no length of bodies
    const isLarge = ({ operation, requestBytes, denied }: ApiTelemetry) =>
      operation.startsWith('PUT') && !denied && (requestBytes === 2_000_000 || !tellsLength);
    const ours = await until('telemetry of refusals and of the rest', () => {
      const found = told.filter(({ frontendCredential }) => frontendCredential === credential);
      return found.some(({ denied }) => denied) && found.some(isLarge) && found;
    });
    const write = ours.find(isLarge)!;
    assert.deepEqual(
      { service: write.service, operation: write.operation, scope: write.scope, status: write.status },
      { service: 'orders', operation: 'PUT /orders/{id}', scope: 'default', status: 200 },
    );
    assert.ok(isIP(write.address ?? ''), String(write.address));
    assert.ok(!JSON.stringify(told).includes(secret));
    assert.ok(!told.some(({ frontendCredential }) => frontendCredential === gateway.identifier('guessed')));
    assert.ok(!rig.lines.some((line) => line.includes(secret)), 'the log holds the credential');
  });
  assert.ok(backend.received.length > 0);
};

const proxies: readonly [
  string,
  (t: TestContext, targets: ProxyTargets & { grpc: number }) => Promise<string>,
  'envoy' | 'nginx',
][] = [
  ['Envoy over HTTP', (t, targets) => envoy(t, 'http', targets), 'envoy'],
  ['Envoy over gRPC', (t, targets) => envoy(t, 'grpc', { ...targets, gateway: targets.grpc }), 'envoy'],
  ['nginx by auth_request', nginx, 'nginx'],
];

test('requests through real proxies are decided by the translation table and overrides of real Kafka', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const stage = await setStage(t);
  await until('the gateway is ready', async () => (await readiness(stage.gateway)).ready);
  for (const [name, start, needs] of proxies)
    await t.test(name, async (t) => {
      if (!(await requireOrSkip(t, needs))) return;
      const gateway = Number(new URL(stage.gateway.address).port);
      const grpc = Number(stage.gateway.grpcAddress.split(':')[1]);
      const url = await start(t, { gateway, grpc, backend: stage.backend.port });
      await behave(t, stage, url, name !== 'Envoy over HTTP');
    });
  await stage.gateway.close();
  for (const [name, start, needs] of proxies)
    await t.test(`${name}: without a gateway nothing passes`, async (t) => {
      if (!(await requireOrSkip(t, needs))) return;
      const url = await start(t, { gateway: 1, grpc: 1, backend: stage.backend.port });
      const response = await fetch(`${url}/orders`, { headers: { 'x-api-key': secret } });
      assert.equal(response.status, 503);
      await response.text();
    });
});
