import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { AppContext } from '../../../../infra/context.ts';
import type { Kafka } from '../../../../infra/kafka/types.ts';
import { controlRecord } from '../../../../schemas/control.ts';
import { parseScopePolicy } from '../../../../schemas/scopePolicy.ts';
import { signalsOverride } from '../../../../schemas/scopes.ts';
import { topics } from '../../../../schemas/topics.ts';
import { privateKafka } from '../../../services/kafka.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { type KafkaRig, kafkaRig, kafkaRigAt, until } from '../../vault/rig.ts';
import { gatewayOn, lift, override, readiness, row } from './stage.ts';

type Gateway = Awaited<ReturnType<typeof gatewayOn>>;

const routes = [
  { path: '/orders/{id}', service: 'orders' },
  { path: '/open/**', service: 'catalogue', onFailure: 'open' },
];
const post = async (gateway: Gateway, body: unknown) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${gateway.address}/v1/authorize`, { method: 'POST', body: text });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
};
const ready = (gateway: Gateway) => until('the gateway is ready', async () => (await readiness(gateway)).ready);

const started = async (t: TestContext, config: object = {}): Promise<{ rig: KafkaRig; gateway: Gateway }> => {
  const rig = await kafkaRig(t);
  const gateway = await gatewayOn(t, rig, { routes, ...config });
  await ready(gateway);
  return { rig, gateway };
};

test('POST /v1/authorize answers with scope, reference, version and expiry, by route or by service', async (t) => {
  const { rig, gateway } = await started(t, { cacheMs: 60_000, reasonsHeader: true });
  await using _ = gateway;
  await rig.send(topics.translations, row('mobile', 'orders', { backendCredentials: { default: 'kv/data/orders' } }));
  const byService = { service: 'orders', operation: 'Refund', method: 'POST', frontendCredential: 'mobile' };
  const before = Date.now();
  const { body } = await until('the row is known', async () => {
    const answer = await post(gateway, byService);
    return answer.status === 200 && answer;
  });
  const { correlationId, expiresAt, ...rest } = body;
  assert.deepEqual(rest, {
    allow: true,
    scope: 'default',
    backendCredential: 'kv/data/orders',
    frontendCredential: 'mobile',
    service: 'orders',
    operation: 'Refund',
    version: '0a1b2c3d-0',
    reasons: ['allowed'],
  });
  assert.match(String(correlationId), /^[0-9a-f-]{36}$/);
  assert.ok((expiresAt as number) >= before + 60_000 && (expiresAt as number) <= Date.now() + 60_000);
  const byRoute = await post(gateway, { method: 'PUT', path: '/orders/7?x=1', frontendCredential: 'mobile' });
  assert.equal(byRoute.body.operation, 'PUT /orders/{id}');

  const expires = Date.now() + 30_000;
  await rig.send(topics.scopeOverrides, override('mobile', 'read-only', { expiresAt: expires }));
  const refused = await until('the override is known', async () => {
    const answer = await post(gateway, byService);
    return answer.status === 403 && answer;
  });
  assert.deepEqual(Object.keys(refused.body).sort(), ['code', 'correlationId', 'detail', 'status', 'title', 'type']);
  const narrowed = await post(gateway, { ...byService, method: 'GET' });
  assert.equal(narrowed.body.scope, 'read-only');
  assert.equal(narrowed.body.expiresAt, expires, 'kept no longer than the override lasts');
  assert.deepEqual(narrowed.body.reasons, ['allowed', 'override read-only', 'calls at night']);
});

test('POST /v1/authorize refuses bad input clearly, and nothing gets wider by it', async (t) => {
  const { rig, gateway } = await started(t);
  await using _ = gateway;
  await rig.send(topics.translations, row('mobile', 'orders', { defaultScope: 'read-only' }));
  await until(
    'the row is known',
    async () => (await post(gateway, { service: 'orders', frontendCredential: 'mobile' })).status === 200,
  );
  const cases: [unknown, number, RegExp][] = [
    ['{', 400, /body/],
    ['', 400, /body/],
    [{ frontendCredential: 'mobile' }, 400, /give either path/],
    [{ path: '/orders/7', service: 'orders' }, 400, /give either path/],
    [{ service: 'orders', method: 'get', frontendCredential: 'mobile' }, 400, /method/],
    [{ service: 'orders', scope: 'default' }, 400, /scope/],
    [{ service: 'orders', frontendCredential: 'm'.repeat(2_000) }, 400, /frontendCredential/],
    [{ service: 'orders', frontendCredential: 'mobile', resource: 'x'.repeat(70_000) }, 413, /exceeds/],
    [{ service: 'orders', frontendCredential: 'nobody' }, 403, /may not/],
    [{ service: 'nothing', frontendCredential: 'mobile' }, 403, /may not/],
    [{ service: '__proto__', frontendCredential: 'mobile' }, 403, /may not/],
    [{ service: 'orders', method: 'DELETE', frontendCredential: 'mobile' }, 403, /may not/],
    [{ path: '/orders/../orders/7', frontendCredential: 'mobile' }, 403, /may not/],
    [{ path: '/orders/7', headers: { 'x-api-key': 'guess' } }, 403, /may not/],
    [{ path: '/orders/7', headers: { authorization: 'Basic dTpw' } }, 401, /credential/],
    [{ path: '/orders/7' }, 401, /credential/],
  ];
  for (const [body, status, words] of cases) {
    const answer = await post(gateway, body);
    assert.equal(answer.status, status, JSON.stringify(body).slice(0, 200));
    assert.match(String(answer.body.detail), words);
  }
  assert.equal((await fetch(`${gateway.address}/v1/authorize`)).status, 404);
  assert.equal((await fetch(`${gateway.address}/envoyorders/7`)).status, 404);
});

test('A row or an override that names no scope that is known refuses everything', async (t) => {
  const { rig, gateway } = await started(t);
  await using _ = gateway;
  await rig.send(topics.translations, row('a', 'orders', { defaultScope: 'readonly' }), row('b', 'orders'));
  const ask = async (frontendCredential: string) =>
    (await post(gateway, { service: 'orders', frontendCredential })).status;
  await until('rows are known', async () => (await ask('b')) === 200);
  assert.equal(await ask('a'), 403);
  await rig.send(topics.scopeOverrides, override('b', 'nothing-of-the-kind'));
  await until('the override is known', async () => (await ask('b')) === 403);
  await lift(rig, 'b');
  await until('it is lifted', async () => (await ask('b')) === 200);
});

test('A record that cannot be read leaves what was in force', async (t) => {
  const { rig, gateway } = await started(t);
  await using _ = gateway;
  await rig.send(topics.translations, row('a', 'orders', { defaultScope: 'read-only' }));
  const ask = async (method: string) =>
    (await post(gateway, { service: 'orders', method, frontendCredential: 'a' })).status;
  await until('the row is known', async () => (await ask('GET')) === 200);
  await rig.producer.send([{ topic: topics.translations.name, key: 'a/orders', value: Buffer.from('rubbish') }]);
  await until('the log tells of it', () => rig.lines.some((line) => line.includes('record passed over')));
  assert.equal(await ask('GET'), 200);
  assert.equal(await ask('POST'), 403);
});

test('A custom scope of rules over service, method, operation and path decides requests', async (t) => {
  const rig = await kafkaRig(t);
  const scopes = {
    'order-desk': {
      allow: [{ services: ['orders'], resources: ['/orders/*'] }],
      deny: [{ methods: ['DELETE'] }],
    },
  };
  await using gateway = await gatewayOn(t, rig, { routes }, scopes);
  await rig.send(
    topics.translations,
    row('desk', 'orders', { defaultScope: 'order-desk' }),
    row('desk', 'stock', { defaultScope: 'order-desk' }),
  );
  const ask = async (service: string, method: string, resource: string) =>
    (await post(gateway, { service, method, resource, frontendCredential: 'desk' })).status;
  await until('the row is known', async () => (await ask('orders', 'POST', '/orders/7')) === 200);
  assert.equal(await ask('orders', 'DELETE', '/orders/7'), 403);
  assert.equal(await ask('orders', 'POST', '/orders/7/lines'), 403);
  assert.equal(await ask('stock', 'GET', '/orders/7'), 403);
});

test('The kill switch lifts what its pipeline set, at once, and not what administrators did', async (t) => {
  const { rig, gateway } = await started(t);
  await using _ = gateway;
  await rig.send(topics.translations, ...['a', 'b', 'c'].map((credential) => row(credential, 'orders')));
  await rig.send(
    topics.scopeOverrides,
    override('a', 'blocked'),
    override('b', 'blocked', { decisionId: 'administrator/ann/1' }),
    override(`${signalsOverride}c`, 'blocked', { decisionId: 'signals/c/1' }),
  );
  const allowed = async () => {
    const asked = ['a', 'b', 'c'].map((frontendCredential) => post(gateway, { service: 'orders', frontendCredential }));
    return (await Promise.all(asked)).map(({ status }) => status === 200).join();
  };
  await until('overrides are known', async () => /3 rows and 3 overrides/.test((await readiness(gateway)).detail));
  assert.equal(await allowed(), 'false,false,false');
  await rig.control({ kind: 'killSwitch', pipeline: 'scope', value: 'true' });
  await until('that of the pipeline is lifted', async () => (await allowed()) === 'true,false,false');
  await rig.control({ kind: 'killSwitch', value: 'true' });
  await until('those of all pipelines are', async () => (await allowed()) === 'true,false,true');
  await rig.control({ kind: 'killSwitch', value: 'false' });
  await rig.control({ kind: 'killSwitch', pipeline: 'scope', value: 'false' });
  await until('all are in force again', async () => (await allowed()) === 'false,false,false');
});

test('A scope that a policy brings decides requests at a gateway that does not know it, an override beside it', async (t) => {
  const { rig, gateway } = await started(t);
  await using _ = gateway;
  const scopes = { 'order-desk': { allow: [{ services: ['orders'], resources: ['/orders/*'] }], deny: [] } };
  const ranges = [
    { upTo: 50, scope: 'default' },
    { upTo: 100, scope: 'order-desk' },
  ];
  const setting = { kind: 'policy', pipeline: 'scope', by: 'test', reason: '' } as const;
  assert.throws(
    () => controlRecord({ ...setting, value: { ranges } }, 0),
    /policy\.scope\.ranges\.1\.scope: There is no scope "order-desk"; there are default, read-only/,
  );
  const record = controlRecord({ ...setting, value: parseScopePolicy({ ranges }, scopes) }, Date.now());
  await rig.send(topics.translations, row('mobile', 'orders'));
  await rig.send(topics.scopeOverrides, override('mobile', 'order-desk'));
  const ask = async (resource: string) =>
    (await post(gateway, { service: 'orders', method: 'POST', resource, frontendCredential: 'mobile' })).status;
  await until('the override is known', async () => /1 rows and 1 overrides/.test((await readiness(gateway)).detail));
  assert.equal(await ask('/orders/7'), 403, 'a name that nobody defined blocks');
  await rig.send(topics.control, record);
  await until('the definition is known', async () => (await ask('/orders/7')) === 200);
  assert.equal(await ask('/orders/7/lines'), 403);
});

const require = createRequire(import.meta.url);
const grpcClient = (t: TestContext, address: string) => {
  const deps = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps');
  const includeDirs = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((folder) => join(deps, folder));
  const definition = loadSync('envoy/service/auth/v3/external_auth.proto', {
    includeDirs,
    keepCase: true,
    longs: Number,
  });
  // biome-ignore lint/suspicious/noExplicitAny: grpc-js gives loaded packages no types
  const { Authorization } = (grpc.loadPackageDefinition(definition) as any).envoy.service.auth.v3;
  const client = new Authorization(address, grpc.credentials.createInsecure());
  t.after(() => client.close());
  return client;
};

test('Check over gRPC answers a client of grpc-js, bad input included', async (t) => {
  const { rig, gateway } = await started(t);
  await using _ = gateway;
  await rig.send(topics.translations, row('mobile', 'orders', { backendCredentials: { default: 'kv/data/orders' } }));
  await until(
    'the row is known',
    async () => (await post(gateway, { service: 'orders', frontendCredential: 'mobile' })).status === 200,
  );
  const client = grpcClient(t, gateway.grpcAddress);
  interface Response {
    status: { code: number };
    denied_response?: { status: { code: number | string }; body: string };
    ok_response?: { headers: { header: { key: string; value: string } }[] };
  }
  const check = (request: object): Promise<Response> =>
    new Promise((resolve, reject) =>
      client.Check(request, (error: Error | null, answer: Response) => (error ? reject(error) : resolve(answer))),
    );
  const http = (path: string, headers: Record<string, string> = {}) => ({
    attributes: { request: { http: { method: 'GET', host: 'api', path, headers } } },
  });
  assert.equal((await check(http('/orders/7'))).status.code, 16);
  const unknown = await check(http('/orders/7', { 'x-api-key': 'guess' }));
  assert.equal(unknown.status.code, 7);
  assert.equal(JSON.parse(unknown.denied_response!.body).code, 'forbidden');
  for (const request of [{}, { attributes: {} }, http(''), http('/nowhere')])
    assert.equal((await check(request)).status.code, 7);
  const generic = (path: string, bytes: Buffer) =>
    new Promise<{ error: grpc.ServiceError | null; answer?: Buffer | undefined }>((resolve) =>
      client.makeUnaryRequest(
        path,
        (value: Buffer) => value,
        (value: Buffer) => value,
        bytes,
        (error: grpc.ServiceError | null, answer?: Buffer) => resolve({ error, answer }),
      ),
    );
  const path = '/envoy.service.auth.v3.Authorization/Check';
  assert.equal((await generic(path, Buffer.from([0xff, 0xff, 0xff]))).error?.code, grpc.status.INVALID_ARGUMENT);
  assert.equal((await generic(path, Buffer.alloc(1_200_000))).error?.code, grpc.status.RESOURCE_EXHAUSTED);
  assert.equal((await generic('/a.B/C', Buffer.alloc(1))).error?.code, grpc.status.UNIMPLEMENTED);
  assert.deepEqual((await generic('/grpc.health.v1.Health/Check', Buffer.alloc(0))).answer, Buffer.from([8, 1]));
  await Promise.all(
    Array.from({ length: 200 }, async () => assert.equal((await check(http('/orders/7'))).status.code, 16)),
  );
});

test('The gateway is closed until it knows the table, survives a restart, and outlives Kafka as long as it is told', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const kafka = await privateKafka(t);
  const direct = await kafkaRigAt(t, kafka.brokers);
  const proxied = await kafkaRigAt(t, kafka.proxiedBrokers);
  await direct.send(
    topics.translations,
    row('mobile', 'orders'),
    row('mobile', 'catalogue', { defaultScope: 'blocked' }),
  );
  await direct.send(topics.scopeOverrides, override('mobile', 'read-only'));
  const rig = { context: () => ({ ...proxied.context(), registry: direct.registry }) };
  const config = { routes, staleAfterMs: 5_000, credentials: [{ from: 'name', header: 'x-user' }] };
  const ask = async (gateway: Gateway, method: string, path: string) =>
    (await fetch(`${gateway.address}/envoy${path}`, { method, headers: { 'x-user': 'mobile' } })).status;

  const held = heldBack(rig.context());
  const first = await gatewayOn(t, { context: () => held.context }, config);
  assert.equal(await ask(first, 'GET', '/orders/7'), 503, 'closed until the table has been read');
  assert.equal(await ask(first, 'GET', '/open/7'), 200, 'open means: until then, everything');
  assert.equal((await readiness(first)).ready, false);
  held.release();
  await ready(first);
  assert.equal(await ask(first, 'GET', '/orders/7'), 200);
  await first.close();
  await using second = await gatewayOn(t, rig, config);
  await ready(second);
  assert.equal(await ask(second, 'GET', '/orders/7'), 200);
  assert.equal(await ask(second, 'POST', '/orders/7'), 403, 'the override survives a restart');
  assert.equal(await ask(second, 'GET', '/open/7'), 403, 'open means no more than that');

  kafka.proxy.cut();
  assert.equal(await ask(second, 'GET', '/orders/7'), 200, 'it goes on with what it has');
  const away = await until('staleness shows', async () => {
    const health = await readiness(second);
    return !health.ready && health;
  });
  assert.match(away.detail, /Kafka was last heard of \d/);
  assert.equal(await ask(second, 'GET', '/orders/7'), 503);
  assert.equal(await ask(second, 'GET', '/open/7'), 403, 'a route that fails open goes on with what was read last');
  const third = await gatewayOnAway(t, rig, config);
  assert.equal(third, 'KAFKA_UNAVAILABLE');

  kafka.proxy.restore();
  await ready(second);
  await lift(direct, 'mobile');
  await until('a change comes after the gap', async () => (await ask(second, 'POST', '/orders/7')) === 200);
});

/** The same Kafka, whose tails give nothing until they are released. */
const heldBack = (context: AppContext): { context: AppContext; release(): void } => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const kafka: Kafka = {
    ...context.kafka,
    tail: async (options) => {
      const tail = await context.kafka.tail(options);
      return {
        ...tail,
        async *batches() {
          await released;
          yield* tail.batches();
        },
      };
    },
  };
  return { context: { ...context, kafka }, release: () => release() };
};

/** How a gateway fails that is started while Kafka is away. */
const gatewayOnAway = (t: TestContext, rig: Pick<KafkaRig, 'context'>, config: object): Promise<string | undefined> =>
  gatewayOn(t, rig, config).then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
