import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readControls } from '../../../infra/cli/register.ts';
import { lifecycleConfigSchema } from '../../../infra/jobs/config.ts';
import { startLifecycle } from '../../../infra/jobs/lifecycle.ts';
import type { Kafka } from '../../../infra/kafka/types.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { DiskStore } from '../../../models/registry/disk.ts';
import { pointerRecord } from '../../../models/registry/pointerRecord.ts';
import { ModelRegistry } from '../../../models/registry/registry.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Credential, Decision, ResourceTelemetry, Score } from '../../../schemas/generated/index.ts';
import { parseLifecyclePolicy } from '../../../schemas/policy.ts';
import type { SchemaRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import { expectedOutputs, readCommitted, readOutputs } from '../../faults/reference.ts';
import { assertSame } from '../../faults/stage.ts';
import { variantOfShipped } from '../../models/registry/variant.ts';
import { until } from '../../services/context.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { requireOrSkip } from '../../services/require.ts';
import { promotionStage } from './promotionStage.ts';

const windowMs = 500;
const subjects = Array.from({ length: 6 }, (_, i) => `function-${i}`);
const policy = parseLifecyclePolicy({
  ...{ mode: 'enforce', windowMs, graceMs: 4000, extendAfter: 1, shortenAfter: 1, cooldownMs: 0, minTtlMs: 1000 },
  ...{ strikes: 1000, silenceMs: 600_000 },
  ...{ budgetPerSubject: { actions: 1000, perMs: 60_000 }, budgetForAll: { actions: 10_000, perMs: 60_000 } },
});

interface Seen<T> {
  readonly record: T;
  readonly timestamp: number;
}

/** Follow what the job writes. */
const follow = async (kafka: Kafka, registry: SchemaRegistry) => {
  const scores: Seen<Score>[] = [];
  const decisions: Seen<Decision>[] = [];
  const scoreCodec = await TopicCodec.open<Score>(topics.scores, registry);
  const decisionCodec = await TopicCodec.open<Decision>(topics.decisions, registry);
  const tail = await kafka.tail({ topics: [topics.scores.name, topics.decisions.name], from: 'beginning' });
  const reading = (async () => {
    for await (const messages of tail.batches())
      for (const { topic, value, timestamp } of messages) {
        if (topic === topics.scores.name) scores.push({ record: await scoreCodec.read(value!), timestamp });
        else decisions.push({ record: await decisionCodec.read(value!), timestamp });
      }
  })();
  /** Until all is here that was written by now. */
  const caughtUp = async () => until('all that was written', await tail.mark());
  return { scores, decisions, caughtUp, close: () => tail.close().then(() => reading) };
};

/** Samples of every subject, without a hole in event time however late they are sent, until stopped. */
const flowTelemetry = async (t: TestContext, kafka: Kafka, registry: SchemaRegistry) => {
  const producer = await kafka.producer();
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, registry);
  const none = Object.fromEntries(resourceMetrics.map((metric) => [metric, null]));
  const stepMs = 100;
  let next = Math.floor(Date.now() / windowMs) * windowMs;
  let flowing = true;
  const flown = (async () => {
    while (flowing) {
      const times: number[] = [];
      for (; next <= Date.now(); next += stepMs) times.push(next);
      if (times.length > 0)
        await producer.send(
          subjects.map((credentialId, i) => {
            const samples = times.map((time) => ({
              ...{ ...none, time, custom: {} },
              ...{ cpuCores: 0.1 + i / 10 + Math.sin(time / 3000) / 20, memoryBytes: 1e8 + i * 1e6, threads: 4 },
            }));
            const record = { credentialId, host: 'h', sentAt: Date.now(), samples, clock: null };
            return { topic: topics.telemetryResource.name, key: credentialId, value: codec.encode(record as never) };
          }),
        );
      await sleep(stepMs);
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

const registerAll = async (kafka: Kafka, registry: SchemaRegistry) => {
  const producer = await kafka.producer();
  const codec = await TopicCodec.open<Credential>(topics.credentials, registry);
  const issuedAt = Date.now();
  await producer.send(
    subjects.map((credentialId) => ({
      topic: topics.credentials.name,
      key: credentialId,
      value: codec.encode({
        ...{
          credentialId,
          kind: 'token',
          reference: `accessor-${credentialId}`,
          mount: 'auth/token',
          role: 'function',
        },
        ...{ entityId: null, function: credentialId, instance: credentialId, event: '', issuedAt },
        ...{ expiresAt: issuedAt + 8000, ttlMs: 8000, maxTtlMs: 16_000, explicitMaxExpiresAt: null },
        ...{ shortening: 'continuous', status: 'active' },
      } as Credential),
    })),
  );
  await producer.close();
};

test('a model is promoted while telemetry flows: no window is lost, and a replay gives the same bytes', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const folder = temporaryFolder(t);
  const store = join(folder, 'registry');
  const models = new ModelRegistry(new DiskStore(store));
  const variant = (version: string, severityDecades: number) =>
    variantOfShipped(join(folder, version), version, (manifest) => ({
      ...manifest,
      parameters: { ...manifest.parameters, minHistory: 3, severityDecades },
    }));
  const configured = await variant('v1', 4);
  await models.publish('anomaly', await variant('v2', 2), 'test');
  await models.publish('anomaly', await variant('v3', 1), 'test');
  const place = { folder, store, configuration: `lifecycle:\n  model: ${configured}\n` };
  const { context, kafka, cli, forge, keep } = await promotionStage(t, 'anomaly', models, place);
  const { registry: schemas } = context;

  await registerAll(kafka, schemas);
  const stopFlow = await flowTelemetry(t, kafka, schemas);
  const seen = await follow(kafka, schemas);
  t.after(seen.close);
  const config = lifecycleConfigSchema.parse({
    ...{ groupId: 'promotion', instanceId: 'one', clockMs: 100, model: configured },
  });
  const job = await keep((own) => startLifecycle(own, kafka.cluster, config, policy, models));
  const every = (found: readonly Seen<Score>[], count: number) =>
    subjects.every((subject) => found.filter(({ record }) => record.subject === subject).length >= count);
  const scored = (version: string, role: Score['role']) =>
    seen.scores.filter(({ record }) => record.modelVersion === version && record.role === role);
  await until('decisions of v1', () => seen.decisions.some(({ record }) => record.modelVersion === 'v1'));

  assert.equal((await cli('challenge', 'v2', '--reason', 'beside')).status, 0);
  await until('v2 scoring beside', () => every(scored('v2', 'challenger'), 5));
  assert.ok(seen.decisions.every(({ record }) => record.modelVersion === 'v1'));

  const promoted = await cli('promote', 'v2', '--reason', 'won', '--expect', 'v1', '--json');
  const promotedAt = Date.now();
  assert.equal(promoted.status, 0, promoted.stderr);
  assert.deepEqual(
    ((pointer) => [pointer.champion.version, pointer.challenger.version, pointer.reason])(JSON.parse(promoted.stdout)),
    ['v2', 'v1', 'won'],
  );
  await until('v2 deciding', () => every(scored('v2', 'champion'), 6));
  await until('decisions of v2', () => seen.decisions.some(({ record }) => record.modelVersion === 'v2'));

  // A restart finds the champion where the stream says, and its state in the changelog; it completes what was cut short
  // between the registry and the topic
  const cut = (await models.pointers('anomaly')).at(-1)!;
  const alone = { ...cut, sequence: cut.sequence + 1, action: 'challenge' as const, challenger: null };
  await models.point(alone);
  await job.restart();
  const atRestart = scored('v2', 'champion').length;
  await until('v2 deciding after a restart', () => scored('v2', 'champion').length > atRestart + 12);
  assert.ok((await readControls(context)).has(pointerRecord(alone).key));

  // What cannot be promoted changes nothing
  const late = await cli('promote', 'v3', '--expect', 'v1');
  assert.equal(late.status, 1);
  assert.match(late.stderr, /Nothing was changed: the champion is v2 by now, not v1/);
  const none = await cli('promote', 'v9');
  assert.equal(none.status, 1);
  assert.match(none.stderr, /There is no version v9 of anomaly/);
  const { files } = await models.record('anomaly', 'v3');
  const blob = join(store, 'blobs', files['manifest.json']!);
  const whole = readFileSync(blob);
  writeFileSync(blob, whole.subarray(0, whole.length - 9));
  const damaged = await cli('promote', 'v3');
  assert.equal(damaged.status, 1);
  assert.match(damaged.stderr, /its file manifest\.json was altered/);
  // Nor does the job believe whoever got it into the topic
  await forge('v3');
  const before = scored('v2', 'champion').length;
  await until('v2 going on', () => scored('v2', 'champion').length > before + 12);
  await until('the refusal', async () =>
    /model v2; pointer 5 was refused: .*manifest\.json was altered/.test(await job.health()),
  );
  writeFileSync(blob, whole);

  // The first takes the forged promotion back, the second the one before
  for (const champion of ['v2', 'v1']) {
    const back = await cli('rollback', '--reason', 'enough', '--alone');
    assert.equal(back.status, 0, back.stderr);
    assert.match(back.stdout, new RegExp(`Champion of anomaly: ${champion}; challenger: none`));
  }
  const atRollback = scored('v1', 'champion').length;
  await until('v1 deciding again', () => scored('v1', 'champion').length > atRollback + 30);
  const list = await cli('list', '--json');
  const roles = list.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { version: string; role: string })
    .map(({ version, role }) => [version, role]);
  assert.deepEqual(roles.toSorted(), [
    ['v1', 'champion'],
    ['v2', ''],
    ['v3', ''],
  ]);
  await stopFlow();
  await job.stop();
  await seen.caughtUp();
  await seen.close();

  for (const subject of subjects) {
    const own = seen.scores.filter(({ record }) => record.subject === subject && record.role === 'champion');
    const ends = own.map(({ record }) => record.windowEnd);
    assert.deepEqual(
      ends,
      Array.from(ends, (_, i) => ends[0]! + i * windowMs),
      `${subject} lacks a window, or has one twice`,
    );
    const versions = own.map(({ record }) => record.modelVersion);
    assert.deepEqual(
      versions.filter((version, i) => version !== versions[i - 1]),
      ['v1', 'v2', 'v1'],
    );
    const { record: first } = own[versions.indexOf('v2')]!;
    assert.equal(first.learning, false, 'the challenger had learned beside');
    for (const { record } of own)
      if (record.modelVersion === 'v2') assert.equal(record.learning, false, 'it learned anew after the restart');
    const byWindow = new Map(own.map(({ record }) => [record.windowEnd, record.modelVersion]));
    for (const { record } of seen.decisions)
      if (record.subject === subject) assert.equal(record.modelVersion, byWindow.get(record.windowEnd));
  }
  const gaps = gapsOf(seen.scores);
  t.diagnostic(
    `from the end of the command to the first score of the new champion ${firstScore(seen.scores) - promotedAt} ms; ` +
      `longest time between two windows' scores of a subject: ${gaps.atSwitch} ms over the switch, ${gaps.elsewhere} ms elsewhere (windows of ${windowMs} ms)`,
  );

  const outputs = await readOutputs(kafka);
  const replayed = await expectedOutputs(kafka, schemas, policy, 97, {
    ...{ folder: configured, registry: models },
    messages: await readCommitted(kafka, topics.telemetryResource.name, config.groupId),
  });
  assertSame(outputs, replayed);
  assert.ok(readdirSync(join(store, 'anomaly/pointers')).length >= 4);
});

const firstScore = (scores: readonly Seen<Score>[]): number =>
  scores.find(({ record }) => record.modelVersion === 'v2' && record.role === 'champion')!.timestamp;

/** The longest times between successive scores of one subject: where the champion changed, and elsewhere. */
const gapsOf = (scores: readonly Seen<Score>[]) => {
  const gaps = { atSwitch: 0, elsewhere: 0 };
  for (const subject of subjects) {
    const own = scores.filter(({ record }) => record.subject === subject && record.role === 'champion');
    for (let i = 1; i < own.length; i++) {
      const gap = own[i]!.timestamp - own[i - 1]!.timestamp;
      const where = own[i]!.record.modelVersion === own[i - 1]!.record.modelVersion ? 'elsewhere' : 'atSwitch';
      gaps[where] = Math.max(gaps[where], gap);
    }
  }
  return gaps;
};
