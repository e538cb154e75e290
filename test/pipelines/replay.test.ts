import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import ckjs from '@confluentinc/kafka-javascript';
import { Registry } from 'prom-client';
import { NEVER, Subject } from 'rxjs';
import { openArchive } from '../../infra/clickhouse/client.ts';
import { archiveConfig, clickhouseConfig } from '../../infra/clickhouse/config.ts';
import { configSchema } from '../../infra/config/config.ts';
import { startArchive } from '../../infra/jobs/archive.ts';
import { call } from '../../infra/kafka/client.ts';
import { createLogger } from '../../infra/log.ts';
import { openArchiveHistory } from '../../infra/replay/archiveHistory.ts';
import { openKafkaHistory } from '../../infra/replay/kafkaHistory.ts';
import { openPreview } from '../../infra/replay/preview.ts';
import { type LaneSpec, runReplay } from '../../infra/replay/run.ts';
import { threadedTrial } from '../../infra/replay/threadedTrial.ts';
import { modelsConfigSchema } from '../../models/registry/config.ts';
import type { History } from '../../pipelines/replay/history.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Decision } from '../../schemas/generated/index.ts';
import { type LifecyclePolicy, parseLifecyclePolicy, policyVersion } from '../../schemas/policy.ts';
import { topics } from '../../schemas/topics.ts';
import { livelyPolicy } from '../faults/input.ts';
import { type Outputs, readOutputs } from '../faults/reference.ts';
import { assertSame, countOf, openStage } from '../faults/stage.ts';
import { memorySink } from '../infra/replay/replayed.ts';
import { clickHouse } from '../services/clickhouse.ts';
import { requireOrSkip } from '../services/require.ts';
import { until } from './archiveRig.ts';

const compared = [topics.scores, topics.decisions, topics.alerts].map(({ name }) => name);
const only = (outputs: Outputs): Outputs =>
  new Map([...outputs].filter(([id]) => compared.some((topic) => id.startsWith(`${topic}/`))));
const always = { from: 0, to: Number.POSITIVE_INFINITY, warmUpMs: Number.POSITIVE_INFINITY };
const log = createLogger('test');

test('a replay from Kafka and from the archive decides as the live job did, byte for byte', async (t) => {
  if (!(await requireOrSkip(t, 'java', 'clickhouse'))) return;
  const stage = await openStage(t, 7);
  const { kafka, registry, input } = stage;
  const context = { kafka, registry, metrics: new Registry(), log };
  const cluster = { brokers: stage.broker.brokers };
  const server = await clickHouse(t);
  const archive = openArchive(clickhouseConfig.parse({ url: server.url }));
  t.after(() => archive.close());
  const archiving = await startArchive({ ...context, archive }, archiveConfig.parse({ flushMs: 20 }));
  t.after(() => archiving.close());

  await input.send(60);
  const cut = Date.now();
  await sleep(5);
  // Orders that change what is decided: replay has to follow them to the same message
  const stricter = parseLifecyclePolicy({ ...livelyPolicy, moderate: 0.35, strikes: 3 });
  const by = { by: 'test', reason: 'stricter' };
  await input.order({ kind: 'policy', pipeline: 'lifecycle', value: stricter, ...by });
  await input.send(40);
  await input.order({ kind: 'killSwitch', value: true, ...by });
  await input.send(10);
  await input.order({ kind: 'killSwitch', value: false, ...by });
  await input.order({ kind: 'exemption', subject: 'function-3', value: true, ...by });
  while ((await input.send(1)) < 170);
  await input.finish();
  const job = stage.load('live').go();
  await stage.settled();
  const live = only(await readOutputs(kafka));
  assert.ok(countOf(live, topics.decisions.name) > 150, `${countOf(live, topics.decisions.name)} decisions`);
  const codec = await TopicCodec.open<Decision>(topics.decisions, registry);
  const decisionsOf = (outputs: Outputs) =>
    [...outputs]
      .filter(([id]) => id.startsWith(`${topics.decisions.name}/`))
      .flatMap(([, lines]) => lines.map((line) => codec.decode(Buffer.from(line.split(' ')[1]!, 'hex'))));
  const versions = new Set(decisionsOf(live).map((decision) => decision.policyVersion));
  assert.deepEqual(versions, new Set([policyVersion(livelyPolicy), policyVersion(stricter)]));

  const replayed = async (history: History, here: LaneSpec = { model: 'shipped' }, against?: LaneSpec, threads = 0) => {
    const { sink, outputs } = memorySink();
    try {
      const { report } = await runReplay({
        models: modelsConfigSchema.parse({}),
        registry,
        log,
        history,
        here,
        ...(against ? { against } : {}),
        sink,
        threads,
      });
      return { outputs: outputs as Outputs, report };
    } finally {
      await history.close();
    }
  };
  const fromKafka = (range = always, batch = 333) => openKafkaHistory(context, cluster, range, batch);
  const fromArchive = (range = always, batch = 450) => openArchiveHistory(registry, archive, 'default', range, batch);

  await t.test('from Kafka, while the live job goes on', async () => {
    const { outputs, report } = await replayed(await fromKafka());
    assertSame(outputs, live);
    assert.equal(report.figures.decisions, countOf(live, topics.decisions.name));
    assert.equal(report.figures.windows, countOf(live, topics.scores.name));
    assert.equal(report.figures.alerts, countOf(live, topics.alerts.name));
  });

  await t.test('in several threads', async () => {
    const alone = await replayed(await fromKafka(), { model: 'shipped' }, { model: 'shipped' });
    // With one, this thread takes a share too; with three it reads and writes alone
    for (const threads of [1, 3]) {
      const { outputs, report } = await replayed(
        await fromKafka(),
        { model: 'shipped' },
        { model: 'shipped' },
        threads,
      );
      assertSame(outputs, live);
      assert.deepEqual(report.figures, alone.report.figures);
      assert.deepEqual(report.courses, alone.report.courses);
    }
  });

  await t.test('a range with its warm-up, the rest of it', async () => {
    const { outputs, report } = await replayed(await fromKafka({ ...always, from: cut }));
    for (const [id, lines] of live) {
      const tail = outputs.get(id) ?? [];
      assert.ok(tail.length > 0 || lines.length < 3, id);
      assert.deepEqual(tail, lines.slice(lines.length - tail.length), id);
    }
    assert.ok(report.figures.windows! < countOf(live, topics.scores.name));
  });

  await t.test('from the archive', async () => {
    const wanted = (await fromKafka().then(async (history) => {
      await history.close();
      return history.messages;
    }))!;
    const stored = async () => {
      const history = await fromArchive();
      return history.messages;
    };
    assert.equal(await until(stored, (found) => found === wanted), wanted);
    const { outputs, report } = await replayed(await fromArchive());
    assertSame(outputs, live);
    assertSame((await replayed(await fromArchive(), { model: 'shipped' }, undefined, 2)).outputs, live);
    // Messages that came torn were never in the archive, and never decided on
    assert.ok(report.figures.missingMessages! > 0);
    const part = await replayed(await fromArchive({ ...always, from: cut }));
    const same = await replayed(await fromKafka({ ...always, from: cut }));
    assertSame(part.outputs, same.outputs);
  });

  await t.test(
    'a policy is tried on no more messages than allowed, and in a thread of its own for the console',
    async () => {
      const models = modelsConfigSchema.parse({});
      const parts = { registry, models, model: 'shipped', log, archive, cluster: 'default' };
      const inForce = livelyPolicy;
      const policy = parseLifecyclePolicy({ ...livelyPolicy, moderate: 0.95, high: 0.99 });
      const wish = { policy, inForce, from: 0, to: Date.now() + 1, stopping: NEVER };
      const shares: number[] = [];
      const { report, from } = await openPreview(parts)({
        ...wish,
        progressed: (done, all) => shares.push(done / all),
      });
      assert.equal(from, 0);
      // Messages that never reached the archive are counted as waiting until the end
      assert.ok(shares.at(-1)! > 0.9 && shares.at(-1)! <= 1, String(shares.at(-1)));
      assert.ok(report.figures.differingDecisions! > 0);
      assert.ok(report.figures.shortenings! < report.figures.againstShortenings!);
      const clickhouse = clickhouseConfig.parse({ url: server.url, database: archive.database });
      const threaded = threadedTrial<LifecyclePolicy>('lifecycle', clickhouse, configSchema.parse({}));
      const view = await threaded({ ...wish, progressed: () => {} });
      assert.deepEqual(view.figures, report.figures);
      assert.equal(view.pipeline, 'lifecycle');
      const equal = await openPreview(parts)({ ...wish, policy: inForce, progressed: () => {} });
      assert.equal(equal.report.figures.differingDecisions, 0);
      const stop = new Subject<void>();
      const stopped = openPreview(parts)({ ...wish, stopping: stop, progressed: () => stop.next() });
      await assert.rejects(stopped, { code: 'CANCELLED' });
      const last = Date.now();
      const begun = openPreview({ ...parts, mostMessages: 10 })({
        ...wish,
        from: last - 3_600_000,
        progressed: () => {},
      });
      const later = await begun.then(
        (few) => few.from,
        (error: { code: string }) => error.code,
      );
      assert.ok(later === 'DATA_MISSING' || Number(later) > last - 3_600_000, String(later));
    },
  );

  await t.test('another policy decides otherwise, and is compared with what was', async () => {
    const lenient = parseLifecyclePolicy({
      ...livelyPolicy,
      moderate: 0.95,
      high: 0.99,
      strikes: 50,
      onSilence: 'alert',
    });
    const { outputs, report } = await replayed(
      await fromKafka(),
      { model: 'shipped', policy: lenient },
      { model: 'shipped' },
    );
    const decided = decisionsOf(outputs);
    assert.deepEqual(new Set(decided.map(({ policyVersion: version }) => version)), new Set([policyVersion(lenient)]));
    assert.ok(decided.every(({ action }) => action !== 'revoke'));
    const { figures } = report;
    assert.equal(figures.againstDecisions, countOf(live, topics.decisions.name));
    assert.ok(figures.differingDecisions! > 0);
    assert.equal(figures.differingDecisions, figures.onlyHere! + figures.onlyAgainst! + figures.changedDecisions!);
    const identical = await replayed(await fromKafka(), { model: 'shipped' }, { model: 'shipped' });
    assert.equal(identical.report.figures.differingDecisions, 0);
  });

  await t.test('nothing that runs is disturbed', async () => {
    assert.equal(await stage.lag(), 0);
    assertSame(only(await readOutputs(kafka)), live);
    const admin = ckjs.AdminClient.create({ 'bootstrap.servers': stage.broker.brokers } as never);
    const { groups } = await call<{ groups: { groupId: string }[] }>('Cannot list groups', (done) =>
      admin.listGroups({ timeout: 5000 } as never, done as never),
    );
    admin.disconnect();
    assert.deepEqual(
      groups.map(({ groupId }) => groupId).filter((id) => id.includes('replay')),
      [],
    );
    assert.equal(await job.stop(), 0);
  });
});
