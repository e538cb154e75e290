import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { scopeConfigSchema } from '../../../infra/jobs/config.ts';
import { startScope } from '../../../infra/jobs/scope.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { createLogger } from '../../../infra/log.ts';
import { emptyCall } from '../../../schemas/apiCall.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ApiTelemetry, Decision, ScopeOverride } from '../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { parseScopePolicy } from '../../../schemas/scopePolicy.ts';
import { topics } from '../../../schemas/topics.ts';
import { closingAfter } from '../../services/closing.ts';
import { until } from '../../services/context.ts';
import { privateKafka } from '../../services/kafka.ts';
import { requireOrSkip } from '../../services/require.ts';

test('a stolen key is narrowed while it enumerates, once, though the job begins anew; its override lapses', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  process.env.EBBTIDE_LOG ??= 'fatal';
  const closing = closingAfter(t);
  const broker = await privateKafka(t);
  const registry = new MemoryRegistry();
  const kafka = await connectKafka({ brokers: broker.brokers });
  closing.push(() => kafka.close());
  await kafka.ensureTopics(2);
  const policy = parseScopePolicy({ mode: 'enforce', windowMs: 1000, graceMs: 200, riskHalfLifeMs: 1000 });
  const start = () =>
    startScope(
      { kafka, registry, metrics: new Registry(), log: createLogger('scope') },
      kafka.cluster,
      scopeConfigSchema.parse({ groupId: 'scope-test', instanceId: 'one', clockMs: 100 }),
      policy,
    );
  const codec = await TopicCodec.open<ApiTelemetry>(topics.telemetryApi, registry);
  const overrideCodec = await TopicCodec.open<ScopeOverride>(topics.scopeOverrides, registry);
  const decisionCodec = await TopicCodec.open<Decision>(topics.decisions, registry);
  const producer = await kafka.producer({ lingerMs: 0 });
  closing.push(() => producer.close());
  const overrides: { key: string; record: ScopeOverride | null; at: number }[] = [];
  const decisions: Decision[] = [];
  let policyInForce = false;
  const followed = [topics.scopeOverrides.name, topics.decisions.name, topics.telemetryApi.name];
  const tail = await kafka.tail({ topics: followed, from: 'beginning' });
  closing.push(() => tail.close());
  void (async () => {
    for await (const messages of tail.batches())
      for (const { topic, key, value } of messages)
        if (topic === topics.telemetryApi.name)
          policyInForce ||= ((await codec.read(value!)).clock?.controlOffset ?? 0) > 0;
        else if (topic === topics.decisions.name) decisions.push(await decisionCodec.read(value!));
        else
          overrides.push({
            key: String(key),
            record: value && (await overrideCodec.read(value)),
            at: performance.now(),
          });
  })();
  const called = (frontendCredential: string, rest: Partial<ApiTelemetry>) => ({
    topic: topics.telemetryApi.name,
    key: frontendCredential,
    value: codec.encode({ ...emptyCall, frontendCredential, time: Date.now(), status: 200, ...rest }),
  });
  /** Operations tried one after the other, all of them refused; at once, so that they are of one moment on any machine. */
  const enumerate = (operations: string) =>
    producer.send(
      [...operations].map((letter) =>
        called('stolen', { service: 'iam', operation: `List${letter}`, status: 403, errorCode: 'AccessDenied' }),
      ),
    );

  let running = await start();
  closing.push(() => running.close());
  // Before the first clock record that knows of the policy, the default one is in force
  await until('the policy', () => policyInForce);
  for (const letter of 'ABC') {
    await producer.send([called('honest', { service: 'orders', operation: 'GET /orders/{id}' })]);
    await enumerate(letter);
  }
  await running.close();
  running = await start();
  const began = performance.now();
  await enumerate('DEFGHIJKLMNOPQRST');
  await until('an override', () => overrides.length > 0);
  t.diagnostic(`${Math.round(overrides[0]!.at - began)} ms from the first refusal after the start to an override`);
  assert.equal(overrides[0]!.key, 'stolen');
  assert.ok(overrides[0]!.record!.reasons.includes('errors.refusedOperations'));
  await until('the block', () => overrides.some(({ record }) => record?.scope === 'blocked'));
  assert.match((await running.health()).detail, /Holds 2 partitions, model default-1/);
  await until('the end', () => overrides.at(-1)!.record === null);
  assert.ok(
    overrides.every(({ key }) => key === 'stolen'),
    'the honest one is left alone',
  );
  await until('the decision on it', () => {
    const last = decisions.findLast(({ subject }) => subject === 'stolen');
    return last?.action === 'widen' && last.newScope === 'default';
  });
  const ids = decisions.map(({ decisionId }) => decisionId);
  assert.equal(new Set(ids).size, ids.length, 'each decision once');
});
