import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Registry } from 'prom-client';
import { from, lastValueFrom, toArray } from 'rxjs';
import { accessRecord } from '../../../infra/agents/access/reading.ts';
import type { AppContext } from '../../../infra/context.ts';
import { type AccessInForce, loadForZone, recordedChoice, statistics } from '../../../infra/jobs/accessModels.ts';
import { preprovisionConfigSchema } from '../../../infra/jobs/config.ts';
import { openTables } from '../../../infra/jobs/joinedTables.ts';
import { openModels } from '../../../infra/jobs/models.ts';
import { startPreprovision } from '../../../infra/jobs/preprovision.ts';
import { preprovisionMetrics } from '../../../infra/jobs/preprovisionMetrics.ts';
import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import { writeAccessModel } from '../../../models/access/stored.ts';
import { DiskStore } from '../../../models/registry/disk.ts';
import { ModelRegistry } from '../../../models/registry/registry.ts';
import { startBackend } from '../../../models/training/backend.ts';
import { preprovisionDecision } from '../../../operators/preprovision/decisionRecord.ts';
import { PreprovisionState } from '../../../operators/preprovision/partitionState.ts';
import { preprovision } from '../../../pipelines/preprovision.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type {
  AccessTelemetry,
  Control,
  Decision,
  Machine,
  Score,
  PreprovisionState as StateRecord,
} from '../../../schemas/generated/index.ts';
import { parsePreprovisionPolicy } from '../../../schemas/preprovisionPolicy.ts';
import { topics } from '../../../schemas/topics.ts';
import { readAll } from '../../faults/reference.ts';
import { partsByChance } from '../../models/access/parts.ts';
import { until } from '../../services/context.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { requireOrSkip } from '../../services/require.ts';
import { promotionStage } from './promotionStage.ts';

const partitions = 2;
const days = 14;
const users = Array.from({ length: 6 }, (_, i) => `user-${i}`);
const vm = 'build-7';
const subjects = users.map((user) => `${user}/${vm}`);
// Whatever is foreseen, something is prepared for every pair in every hour: what is missing is lost
const policy = parsePreprovisionPolicy({ mode: 'enforce', minChance: 0, exposurePerHitMinutes: 1e12 });

/** A registry with version v1, whose weights are by chance: its forecasts are others than the statistics'. */
const registryWithOne = async (t: TestContext) => {
  const folder = temporaryFolder(t);
  const store = join(folder, 'registry');
  const models = new ModelRegistry(new DiskStore(store));
  await startBackend('cpu');
  const parts = await partsByChance({ members: 1, trees: { hour: [4, 4], day: [4, 4] } });
  const place = join(folder, 'v1');
  const origin = { version: 'v1', created: '2026-01-01T00:00:00Z', zone: 'UTC', lineage: {}, metrics: {} };
  await writeAccessModel(place, parts, origin);
  await models.publish('access', place, 'test');
  return { folder, store, models };
};

/** The decisions that have to come of what lies in Kafka: the chain over each partition from its beginning, by id. */
const expected = async (context: AppContext, models: ModelRegistry): Promise<Map<string, string>> => {
  const { kafka, registry, log } = context;
  const opened = await openModels<AccessInForce>({
    ...({ kind: 'access', configured: statistics('UTC'), builtIn: statistics('UTC'), registry: models } as const),
    load: (source) => loadForZone(source, 'UTC'),
    metrics: preprovisionMetrics(new Registry()),
    log,
  });
  const heard = (control: Control) => opened.pool.hear(control);
  const tables = await openTables<Score, Score>(context, topics.scores, (score) => score, { heard });
  await tables.caughtUp;
  opened.pool.begin();
  const reader = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, registry);
  const decisions = await TopicCodec.open<Decision>(topics.decisions, registry);
  const encoders = {
    state: await TopicCodec.open<StateRecord>(topics.statePreprovision, registry),
    machines: await TopicCodec.open<Machine>(topics.machines, registry),
    deadLetters: await TopicCodec.open(topics.deadLetters, registry),
  };
  const decided = new Map<string, string>();
  for (const [id, messages] of await readAll(kafka, [topics.telemetryAccess.name])) {
    const partition = Number(id.split('/')[1]);
    const { carried } = statistics('UTC');
    const chain = preprovision({
      partition: {
        ...{ pipeline: 'preprovision', topic: topics.telemetryAccess.name, partition },
        state: new PreprovisionState(calendarOf('UTC'), 0, carried),
      },
      reader,
      topics: {
        reached: async ({ modelSequence }) => opened.pool.reached({ models: modelSequence }),
        policy: () => policy,
        standing: () => ({ risks: [], killed: false }),
      },
      models: recordedChoice(opened.pool),
      encoders: {
        ...encoders,
        decision(made) {
          // As it is read back
          const record = decisions.decode(decisions.encode(preprovisionDecision('preprovision', made)));
          decided.set(record.decisionId, JSON.stringify(record));
          return [];
        },
      },
    });
    const size = 97;
    const batches = Array.from({ length: Math.ceil(messages.length / size) }, (_, i) => ({
      messages: messages.slice(i * size, (i + 1) * size),
      replayBefore: 0,
    }));
    await lastValueFrom(from(batches).pipe(chain, toArray()));
  }
  await tables.close();
  await opened.pool.close();
  return decided;
};

test('an access model is promoted while hours pass: no decision is lost, and a replay decides the same', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const { models, ...place } = await registryWithOne(t);
  const { context, kafka, keep, ...stage } = await promotionStage(t, 'access', models, place);
  const { registry: schemas } = context;
  const cli = async (command: string, ...args: string[]) => {
    const { status, stdout, stderr } = await stage.cli(command, ...args);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const accesses = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, schemas);
  const decisionCodec = await TopicCodec.open<Decision>(topics.decisions, schemas);
  const producer = await kafka.producer({ lingerMs: 0 });
  t.after(() => producer.close());
  const decisions: Decision[] = [];
  const tail = await kafka.tail({ topics: [topics.decisions.name], from: 'beginning' });
  const reading = (async () => {
    for await (const messages of tail.batches())
      for (const { value } of messages) decisions.push(await decisionCodec.read(value!));
  })();

  // Two weeks of everybody's habits, then hour after hour: the job's own clock stays behind and tells of models alone
  const topic = topics.telemetryAccess.name;
  const begins = Math.floor(Date.now() / hourMs) * hourMs + hourMs;
  const history = users.flatMap((user, i) =>
    Array.from({ length: days }, (_, day) => ({
      user,
      time: begins - (days - day) * 24 * hourMs + (i % 12) * 7 * 60_000,
    })),
  );
  await producer.send(
    history
      .filter(({ time }) => time < begins - hourMs)
      .sort((a, b) => a.time - b.time)
      .map(({ user, time }) => ({
        ...{ topic, key: user },
        value: accesses.encode(accessRecord({ user, kind: 'login', vm, time })),
      })),
  );
  let hours = 0;
  const prepared = (at: number) =>
    decisions.filter(({ action, decidedAt }) => action === 'prepare' && decidedAt === at);
  /** Let an hour pass, and wait for what is decided in it. @returns the models by which */
  const pass = async (): Promise<string[]> => {
    const time = begins + hours++ * hourMs;
    const clock = { time, controlOffset: 1, scoresOffset: 0, modelSequence: 0 };
    const value = accesses.encode(accessRecord({ user: '', kind: 'unknown', time, clock }));
    await producer.send(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, key: null, value })));
    await until(`hour ${hours}`, () => prepared(time).length === users.length);
    return [...new Set(prepared(time).map(({ modelVersion }) => modelVersion))];
  };
  /** Let hours pass until all is decided by one model. */
  const passUntilBy = async (version: string): Promise<void> => {
    for (let by = await pass(); by.length !== 1 || by[0] !== version; by = await pass())
      assert.ok(hours < 1_000, `after ${hours} hours decisions are by ${by}, not by ${version}`);
  };

  const config = preprovisionConfigSchema.parse({ groupId: 'access-promotion', instanceId: 'one', clockMs: 100 });
  const job = await keep((own) => startPreprovision(own, kafka.cluster, config, policy, models));

  await passUntilBy('');
  await cli('challenge', 'v1', '--reason', 'beside');
  await until('v1 beside', async () => {
    assert.deepEqual(await pass(), [''], 'a challenger decides nothing');
    return /; challenger v1 has a log loss of [\d.]+ an hour and pair beside [\d.]+, over \d+/.test(await job.health());
  });
  const promoted = await cli('promote', 'v1', '--reason', 'won');
  assert.match(promoted, /Champion of access: v1/);
  await passUntilBy('v1');
  assert.match(await job.health(), /model v1/);

  await job.restart();
  assert.deepEqual(await pass(), ['v1'], 'after a restart too');
  await cli('rollback', '--alone');
  await passUntilBy('');
  await job.stop();
  await until('all that was written', await tail.mark());
  await tail.close();
  await reading;

  for (const subject of subjects) {
    const own = decisions.filter((one) => one.subject === subject);
    const at = (action: Decision['action']) =>
      own.filter((one) => one.action === action && one.decidedAt >= begins).map(({ decidedAt }) => decidedAt);
    const passed = Array.from({ length: hours }, (_, hour) => begins + hour * hourMs);
    assert.deepEqual(at('prepare'), passed, `${subject} lacks an hour, or has one twice`);
    // The last window has not ended
    assert.deepEqual(
      at('end').filter((time) => time > begins),
      passed.slice(1),
    );
    const versions = own.filter(({ action }) => action === 'prepare').map(({ modelVersion }) => modelVersion);
    assert.deepEqual(
      versions.filter((version, i) => version !== versions[i - 1]),
      ['', 'v1', ''],
    );
  }
  const written = decisions.map((one) => [one.decisionId, JSON.stringify(one)] as const);
  assert.equal(new Set(written.map(([id]) => id)).size, written.length, 'each decision once');
  assert.deepEqual(new Map(written.toSorted()), new Map([...(await expected(context, models))].toSorted()));
});
