import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { from, lastValueFrom, toArray } from 'rxjs';
import type { AppContext } from '../../../infra/context.ts';
import { scopeConfigSchema } from '../../../infra/jobs/config.ts';
import { openTables } from '../../../infra/jobs/joinedTables.ts';
import { openModels } from '../../../infra/jobs/models.ts';
import { openScopeEncoders, scopeTopics, startScope } from '../../../infra/jobs/scope.ts';
import { scopeMetrics } from '../../../infra/jobs/scopeMetrics.ts';
import type { Kafka } from '../../../infra/kafka/types.ts';
import { checkedScopeModel } from '../../../models/registry/check.ts';
import { DiskStore } from '../../../models/registry/disk.ts';
import { ModelRegistry } from '../../../models/registry/registry.ts';
import { learnScope } from '../../../models/scope/learn.ts';
import { defaultScopeModel } from '../../../models/scope/model.ts';
import { sequenceOf } from '../../../models/scope/sequences.ts';
import { writeScopeModel } from '../../../models/scope/stored.ts';
import { startBackend } from '../../../models/training/backend.ts';
import type { InputMessage } from '../../../operators/batch.ts';
import { noScopeCounts } from '../../../operators/scope/batch.ts';
import { Credentials } from '../../../operators/scope/credentials.ts';
import { scope } from '../../../pipelines/scope.ts';
import { emptyCall } from '../../../schemas/apiCall.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ApiTelemetry, Control, Label, Score } from '../../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../../schemas/registry.ts';
import { parseScopePolicy } from '../../../schemas/scopePolicy.ts';
import { topics } from '../../../schemas/topics.ts';
import { line, type Outputs, readCommitted, readOutputs } from '../../faults/reference.ts';
import { assertSame } from '../../faults/stage.ts';
import { callAt, t0 } from '../../models/scope/calls.ts';
import { until } from '../../services/context.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { requireOrSkip } from '../../services/require.ts';
import { promotionStage } from './promotionStage.ts';

const windowMs = 500;
const subjects = Array.from({ length: 5 }, (_, i) => `client-${i}`);
const policy = parseScopePolicy({ mode: 'enforce', windowMs, graceMs: 1500, assessAfterCalls: 1000 });
const written = [topics.scores, topics.decisions, topics.scopeOverrides, topics.alerts].map(({ name }) => name);

/** Versions v1 and v2 in a registry: small models of invented visitors. */
const trainedRegistry = async (t: TestContext) => {
  const folder = temporaryFolder(t);
  const store = join(folder, 'registry');
  const models = new ModelRegistry(new DiskStore(store));
  await startBackend('cpu');
  const sequences = Array.from({ length: 16 }, (_, i) => {
    const calls = Array.from({ length: 30 }, (_, step) =>
      callAt(t0 + step * (i % 2 ? 200 : 100 + ((step * 37) % 400)), { operation: `GET /${i % 2 ? step : step % 3}` }),
    );
    return sequenceOf(`v${i}`, i % 2 === 1, calls, windowMs);
  });
  for (const [version, seed] of [
    ['v1', 1],
    ['v2', 2],
  ] as const) {
    const { parts } = await learnScope(sequences, { seed, epochs: 3 });
    const place = join(folder, version);
    await writeScopeModel(place, parts, { version, created: '2026-01-01T00:00:00Z', lineage: {}, metrics: {} });
    await models.publish('scope', place, 'test');
  }
  return { folder, store, models };
};

/** Calls of every client, until stopped. */
const flowCalls = async (t: TestContext, kafka: Kafka, registry: SchemaRegistry) => {
  const producer = await kafka.producer({ lingerMs: 0 });
  const codec = await TopicCodec.open<ApiTelemetry>(topics.telemetryApi, registry);
  let flowing = true;
  let step = 0;
  const flown = (async () => {
    while (flowing) {
      const time = Date.now();
      await producer.send(
        subjects.map((frontendCredential, i) => ({
          topic: topics.telemetryApi.name,
          key: frontendCredential,
          value: codec.encode({
            ...{ ...emptyCall, frontendCredential, time, status: 200, service: 'orders' },
            operation: `GET /${(step * (i + 1)) % 7}`,
          }),
        })),
      );
      step++;
      await sleep(100);
    }
    await producer.close();
  })();
  const stop = () => {
    flowing = false;
    return flown;
  };
  t.after(stop);
  return stop;
};

/** What has to come of calls: the chain over each partition from its beginning. */
const expected = async (
  context: AppContext,
  models: ModelRegistry,
  calls: ReadonlyMap<string, readonly InputMessage[]>,
): Promise<Outputs> => {
  const { registry } = context;
  const pool = await openModels({
    ...({ kind: 'scope', configured: defaultScopeModel, builtIn: defaultScopeModel, registry: models } as const),
    load: async (source) => (await checkedScopeModel(source)).model,
    metrics: scopeMetrics(new Registry()),
    log: context.log,
  });
  const heard = (control: Control) => pool.pool.hear(control);
  const tables = await openTables<Label, Label>(context, topics.labels, (label) => label, { heard });
  await tables.caughtUp;
  const reader = await TopicCodec.open<ApiTelemetry>(topics.telemetryApi, registry);
  const encoders = await openScopeEncoders(registry);
  const outputs = new Map<string, string[]>();
  for (const [id, messages] of calls) {
    const partition = Number(id.split('/')[1]);
    const joined = { control: 0, credentials: 0, labels: 0, models: 0 };
    const chain = scope({
      partition: {
        ...{ name: 'scope', topic: topics.telemetryApi.name, partition, credentials: new Credentials(), budget: [] },
        time: { now: 0, joined, history: [{ offset: -1, joined }] },
      },
      ...{ reader, encoders, models: pool.pool, counts: noScopeCounts() },
      topics: scopeTopics(tables, pool.pool, partition, (key, why) => assert.fail(`${key}: ${why}`)),
    });
    const size = 61;
    const batches = Array.from({ length: Math.ceil(messages.length / size) }, (_, i) => ({
      messages: messages.slice(i * size, (i + 1) * size),
      replayBefore: 0,
    }));
    for (const { records } of await lastValueFrom(from(batches).pipe(chain, toArray())))
      for (const { topic, key, value } of records)
        if (written.includes(topic)) {
          const place = `${topic}/${partition}`;
          outputs.set(place, [...(outputs.get(place) ?? []), line(key, value)]);
        }
  }
  await tables.close();
  await pool.pool.close();
  return outputs;
};

test('a scope model is promoted while calls flow: windows are scored once, and a replay gives the same bytes', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const { models, ...place } = await trainedRegistry(t);
  const { store } = place;
  const { context, kafka, cli, forge, keep } = await promotionStage(t, 'scope', models, place);
  const { registry: schemas } = context;

  const scores: Score[] = [];
  const codec = await TopicCodec.open<Score>(topics.scores, schemas);
  const tail = await kafka.tail({ topics: [topics.scores.name], from: 'beginning' });
  const reading = (async () => {
    for await (const messages of tail.batches())
      for (const { value } of messages) scores.push(await codec.read(value!));
  })();
  const scored = (version: string, role: Score['role']) =>
    scores.filter((score) => score.modelVersion === version && score.role === role);
  const everyone = (found: readonly Score[], count: number) =>
    subjects.every((subject) => found.filter((score) => score.subject === subject).length >= count);

  const stopFlow = await flowCalls(t, kafka, schemas);
  const config = scopeConfigSchema.parse({ groupId: 'scope-promotion', instanceId: 'one', clockMs: 100 });
  const job = await keep((own) => startScope(own, kafka.cluster, config, policy, models));
  await until('the built-in model', () => everyone(scored('default-1', 'champion'), 2));

  const challenged = await cli('challenge', 'v1', '--reason', 'beside');
  assert.equal(challenged.status, 0, challenged.stderr);
  await until('v1 beside', () => everyone(scored('v1', 'challenger'), 4));
  const promoted = await cli('promote', 'v1', '--expect', 'default-1', '--reason', 'won');
  assert.equal(promoted.status, 0, promoted.stderr);
  assert.match(promoted.stdout, /Champion of scope: v1; challenger: default-1/);
  await until('v1 deciding', () => everyone(scored('v1', 'champion'), 3));
  await job.restart();
  const atRestart = scored('v1', 'champion').length;
  await until('v1 after a restart', () => scored('v1', 'champion').length > atRestart + 10);
  assert.match(await job.health(), /model v1/);

  // A damaged version changes nothing, neither by command nor by whoever gets it into the topic
  const { files } = await models.record('scope', 'v2');
  const blob = join(store, 'blobs', files['weights.bin']!);
  const whole = readFileSync(blob);
  writeFileSync(blob, whole.subarray(0, whole.length - 9));
  const damaged = await cli('promote', 'v2');
  assert.equal(damaged.status, 1);
  assert.match(damaged.stderr, /its file weights\.bin was altered/);
  await forge('v2');
  await until('the refusal', async () => /was refused: .*weights\.bin was altered/.test(await job.health()));
  writeFileSync(blob, whole);

  // The first rollback takes the forged promotion back, the second the one before
  for (const champion of ['v1', 'default-1']) {
    const back = await cli('rollback', '--alone');
    assert.equal(back.status, 0, back.stderr);
    assert.match(back.stdout, new RegExp(`Champion of scope: ${champion}; challenger: none`));
  }
  const atRollback = scored('default-1', 'champion').length;
  await until('the built-in model again', () => scored('default-1', 'champion').length > atRollback + 15);
  assert.match((await cli('list')).stdout, /^default-1 +champion .*built in/m);
  await stopFlow();
  await job.stop();
  await until('all that was written', await tail.mark());
  await tail.close();
  await reading;

  for (const subject of subjects) {
    const own = scores.filter((score) => score.subject === subject && score.role === 'champion');
    const ends = own.map(({ windowEnd }) => windowEnd);
    assert.equal(new Set(ends).size, ends.length, `${subject} has a window twice`);
    const versions = own.map(({ modelVersion }) => modelVersion);
    assert.deepEqual(
      versions.filter((version, i) => version !== versions[i - 1]),
      ['default-1', 'v1', 'default-1'],
    );
  }
  const calls = await readCommitted(kafka, topics.telemetryApi.name, config.groupId);
  assertSame(await readOutputs(kafka, written), await expected(context, models, calls));
});
