import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { map, of } from 'rxjs';
import type { Message } from '../../../infra/kafka/types.ts';
import { TraceJob } from '../../../infra/tracing/traceJob.ts';
import type { InputBatch, OutputBatch } from '../../../operators/batch.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ScopeOverride } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { closingAfter } from '../../services/closing.ts';
import { openBao } from '../../services/openbao.ts';
import { requireOrSkip } from '../../services/require.ts';
import { gatewayOn, override, readiness, row } from '../services/gateway/stage.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, startHost, typist } from '../services/keyhost/rig.ts';
import { startService } from '../services/token/rig.ts';
import { kafkaRig, prepareVault, until } from '../vault/rig.ts';
import { endsBefore, receiver } from './receiver.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const sampled = `00-${traceId}-${parentId}-01`;
const headerOf = ({ headers }: Message): string | undefined =>
  headers?.find((one) => 'traceparent' in one)?.traceparent?.toString();

test('the gateway goes on with the traceparent of a request, and tells when an override is enforced', async (t) => {
  const closing = closingAfter(t);
  const otlp = await receiver(t);
  const rig = await kafkaRig(t);
  const tracing = await otlp.open('serve gateway', closing);
  const traced = { context: () => ({ ...rig.context(), tracing }) };
  const gateway = await gatewayOn(t, traced, { routes: [{ path: '/orders/{id}', service: 'orders' }] });
  closing.push(() => gateway.close());
  await until('the gateway is ready', async () => (await readiness(gateway)).ready);
  const key = 'a-secret-api-key';
  const caller = gateway.identifier(key);
  await rig.send(topics.translations, row(caller, 'orders'));
  const calls: Message[] = [];
  const tail = await rig.kafka.tail({ topics: [topics.telemetryApi.name], from: 'beginning' });
  closing.push(() => tail.close());
  void (async () => {
    for await (const messages of tail.batches()) calls.push(...messages);
  })();
  const ask = (traceparent?: string) =>
    fetch(`${gateway.address}/envoy/orders/1`, {
      headers: { 'x-api-key': key, ...(traceparent === undefined ? {} : { traceparent }) },
    });
  await until('the row is known', async () => (await ask()).status === 200);
  await ask(`00-${traceId}-${parentId}-00`);
  await ask(sampled);

  const told = await until('its span', () => otlp.spans().find(({ name }) => name === 'gateway decides'));
  assert.deepEqual([told.traceId, told.parentSpanId, told.process], [traceId, parentId, 'serve gateway']);
  await until('its telemetry', () => calls.some((call) => headerOf(call)));
  assert.deepEqual(
    calls.map(headerOf).filter(Boolean),
    [`00-${traceId}-${told.spanId}-01`],
    'what is not sampled has none',
  );

  // What the scope pipeline writes of it: the decision's span goes with the override
  const pipeline = new TraceJob(await otlp.open('run scope', closing), 'scope');
  const written = { topic: topics.decisions.name, key: caller, value: Buffer.alloc(0) };
  const narrowed = { ...written, topic: topics.scopeOverrides.name };
  const output = { records: [narrowed, written, { ...narrowed, key: 'another' }] } as unknown as OutputBatch;
  const call = calls.find((one) => headerOf(one))!;
  const input = { messages: [call], replayBefore: 0 } as unknown as InputBatch;
  let continued: OutputBatch | undefined;
  of(input)
    .pipe(pipeline.chain(map(() => output)))
    .subscribe((batch) => {
      continued = batch;
    });
  const [first, decided, other] = continued!.records;
  assert.ok(decided?.headers);
  assert.deepEqual(first?.headers, decided.headers, 'though it comes before its decision');
  assert.equal(other?.headers, undefined);

  const codec = await TopicCodec.open<ScopeOverride>(topics.scopeOverrides, rig.registry);
  const value = codec.encode(override(caller, 'blocked'));
  await rig.producer.send([{ topic: topics.scopeOverrides.name, key: caller, value, headers: decided.headers }]);
  await until('the caller is refused', async () => (await ask()).status === 403);
  const enforced = await until('the span of it', () => otlp.spans().find(({ name }) => name === 'gateway enforces'));
  assert.equal(enforced.traceId, traceId);
});

test('the token service tells of its request, of Vault, and of the record, and of no secret', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const closing = closingAfter(t);
  const otlp = await receiver(t);
  const vault = await prepareVault(t, await openBao(t));
  const rig = await kafkaRig(t);
  const tracing = await otlp.open('serve token', closing);
  const service = await startService(t, vault, { ...rig, context: () => ({ ...rig.context(), tracing }) });
  const { status, body } = await service.issue();
  assert.equal(status, 201);

  const root = await until('its span', () =>
    otlp.spans().find(({ name }) => name === 'token service POST /v1/credentials'),
  );
  const spans = () => otlp.spans().filter((span) => span.traceId === root.traceId);
  const recorded = await until('the span of the record', () =>
    spans().find(({ name }) => name === 'credential on record'),
  );
  const asked = spans().filter(({ name }) => name.startsWith('vault '));
  assert.ok(
    asked.length > 0,
    spans()
      .map(({ name }) => name)
      .join(),
  );
  for (const span of [...asked, recorded]) assert.equal(span.parentSpanId, root.spanId, span.name);
  assert.deepEqual(root.attributes.find((one) => one.key === 'http.response.status_code')?.value, { intValue: 201 });
  const all = otlp.requests.map((one) => one.body).join();
  for (const secret of [body.token, body.accessor]) assert.ok(!all.includes(secret));
});

test('one authentication is one trace, from the endpoint’s request by way of Vault to the key that is on record', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const closing = closingAfter(t);
  const otlp = await receiver(t);
  const vault = await prepareVault(t, await openBao(t));
  const rig = await kafkaRig(t);
  const tracing = await otlp.open('serve keyhost', closing);
  const host = await startHost(t, vault, { ...rig.context(), tracing });
  const written: Message[] = [];
  const kept = [topics.authentications, topics.baselines, topics.telemetryBiometric, topics.credentials];
  const tail = await rig.kafka.tail({ topics: kept.map(({ name }) => name), from: 'beginning' });
  closing.push(() => tail.close());
  void (async () => {
    for await (const messages of tail.batches()) written.push(...messages);
  })();
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const anna = typist(0.25, 3);
  const signIn = (traceparent?: string) => {
    const batch = batchOf(Array.from({ length: 3 }, anna));
    const request = { requestId: randomUUID(), user: 'anna@example', csr, strong: true, batch };
    const headers = { 'content-type': 'application/json', ...(traceparent && { traceparent }) };
    return ask(host.address, identity, 'POST', '/v1/authentications', request, { headers });
  };
  // What is not sampled tells nothing
  assert.equal((await signIn(`00-${traceId}-${parentId}-00`)).status, 201);
  const { status, body } = await signIn(sampled);
  assert.equal(status, 201, JSON.stringify(body));

  const root = await until('its span', () =>
    otlp.spans().find(({ name }) => name === 'key host POST /v1/authentications'),
  );
  assert.deepEqual([root.traceId, root.parentSpanId, root.process], [traceId, parentId, 'serve keyhost']);
  assert.deepEqual(root.attributes.find((one) => one.key === 'http.response.status_code')?.value, { intValue: 201 });
  const own = () => otlp.spans().filter((span) => span.traceId === traceId && span !== root);
  // The decision before anything is signed; the credential; then the session and the issue
  const recorded = await until('the spans of the records', () => {
    const found = own().filter(({ name }) => name === 'key on record');
    return found.length === 3 && found;
  });
  const signed = own().find(({ name }) => name === 'vault signKey');
  assert.ok(
    signed,
    own()
      .map(({ name }) => name)
      .join(),
  );
  for (const span of [...recorded, signed]) assert.equal(span.parentSpanId, root.spanId, span.name);
  const [decided, credential] = recorded.toSorted((a, b) => Number(a.startTimeUnixNano) - Number(b.startTimeUnixNano));
  assert.ok(endsBefore(decided!, signed), 'decided before it is signed');
  assert.ok(endsBefore(signed, credential!), 'signed before it is on record');

  const traced = () => written.filter((message) => headerOf(message)?.includes(traceId));
  await until('the key’s record', () => traced().some(({ topic }) => topic === topics.credentials.name));
  const issued = traced().find(({ topic }) => topic === topics.credentials.name)!;
  assert.equal(issued.key?.toString(), body.credentialId);
  assert.equal(headerOf(issued), `00-${traceId}-${credential!.spanId}-01`, 'whoever reads it goes on with its span');
  await until('all its records', () => new Set(traced().map(({ topic }) => topic)).size === kept.length);
  const all = otlp.requests.map((one) => one.body).join();
  for (const secret of ['anna@example', body.certificate, csr]) assert.ok(!all.includes(secret));
  assert.equal(otlp.spans().filter(({ name }) => name === root.name).length, 1);
});
