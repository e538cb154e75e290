import { tap } from 'rxjs';
import { type Calendar, calendarOf } from '../../models/access/calendar.ts';
import { createEverybody } from '../../models/access/everybody.ts';
import { guarded } from '../../models/access/guarded.ts';
import { historySize } from '../../models/access/history.ts';
import { partsOfPair } from '../../models/access/population.ts';
import { statisticalPredictor } from '../../models/access/statistics.ts';
import { loadAccessModel } from '../../models/access/stored.ts';
import type { OutputRecord } from '../../operators/batch.ts';
import type { PreprovisionDecision } from '../../operators/preprovision/batch.ts';
import { preprovisionDecision, subjectOfPair } from '../../operators/preprovision/decisionRecord.ts';
import { PreprovisionState, type SavedPartition } from '../../operators/preprovision/partitionState.ts';
import type { ToldRisk } from '../../operators/preprovision/riskGate.ts';
import { withRisk } from '../../operators/preprovision/toldRisks.ts';
import { positionKey, savedOf, stateVersion } from '../../operators/preprovision/toPreprovisionOutput.ts';
import { ordersAsOf, preprovisionPolicies } from '../../pipelines/orders.ts';
import { type PreprovisionTask, preprovision } from '../../pipelines/preprovision.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type {
  AccessTelemetry,
  Decision,
  Machine,
  Provision,
  Score,
  PreprovisionState as StateRecord,
} from '../../schemas/generated/index.ts';
import type { PreprovisionPolicy } from '../../schemas/preprovisionPolicy.ts';
import { topics } from '../../schemas/topics.ts';
import { accessRecord } from '../agents/access/reading.ts';
import type { AppContext, Running } from '../context.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import type { Kafka } from '../kafka/types.ts';
import type { PreprovisionConfig } from './config.ts';
import { openTables, type Tables } from './joinedTables.ts';
import { preprovisionMetrics } from './preprovisionMetrics.ts';
import { wishOf } from './preprovisionWish.ts';
import { publishPolicy } from './publishPolicy.ts';
import { readChangelog } from './restore.ts';
import { type OpenedPartition, runJob } from './runJob.ts';
import { type TellRefused, tellRefused } from './tellRefused.ts';

const name = 'preprovision';
const noRisks: readonly ToldRisk[] = [];

/** The predictor that is configured, and the calendar that it goes by. */
const openPredictor = async (model: string, timeZone: string) => {
  if (model === 'statistics')
    return { predictor: guarded(statisticalPredictor, statisticalPredictor), version: '', zone: timeZone };
  const loaded = await loadAccessModel(model);
  const { version, zone } = loaded.manifest;
  return { predictor: guarded(loaded.model, statisticalPredictor), version, zone };
};
type Opened = Awaited<ReturnType<typeof openPredictor>>;

/** What was saved under another model, without what that one carried: pairs keep their history. */
const forModel = (saved: SavedPartition, { carried }: Opened['predictor']): SavedPartition => {
  const fit = (floats: Float32Array, own: number, size: number) => {
    const fitted = new Float32Array(own + size);
    fitted.set(floats.subarray(0, own));
    return fitted;
  };
  return {
    ...saved,
    shared: fit(saved.shared, createEverybody().length, carried.all),
    pairs: saved.pairs.map((one) => ({ ...one, floats: fit(one.floats, historySize, carried.pair) })),
  };
};

/** Bring a partition of access telemetry up from its changelog. */
const restore = async (
  kafka: Kafka,
  codec: TopicCodec<StateRecord>,
  partition: number,
  { predictor, version }: Opened,
  calendar: Calendar,
): Promise<{ state: PreprovisionState; start: number; replayBefore: number }> => {
  const records = new Map<string, StateRecord>();
  await readChangelog(kafka, codec, partition, stateVersion, (key, record) =>
    record ? records.set(key, record) : records.delete(key),
  );
  const replayBefore = records.get(positionKey)?.processedOffset ?? 0;
  const kept = savedOf(records.values());
  if (!kept) return { state: new PreprovisionState(calendar, 0, predictor.carried), start: 0, replayBefore };
  const saved = kept.modelVersion === version ? kept.saved : forModel(kept.saved, predictor);
  const state = PreprovisionState.restore(calendar, saved, predictor.carried, (pair) => partsOfPair(pair).vm);
  return { state, start: kept.processedOffset, replayBefore };
};

/** What decisions of one partition are joined with. */
const preprovisionTopics = (
  tables: Pick<Tables<readonly ToldRisk[]>, 'control' | 'beside'>,
  partition: number,
  refused: TellRefused,
): PreprovisionTask['topics'] => {
  const scores = tables.beside(partition);
  const orders = ordersAsOf(name, tables.control, refused, preprovisionPolicies);
  return {
    policy: (timeMs, { controlOffset }) => orders(controlOffset, timeMs).policy,
    standing(pair, timeMs, { controlOffset, scoresOffset }) {
      const { user } = partsOfPair(pair);
      const { killed } = orders(controlOffset, timeMs);
      return {
        risks: scores.at(user, scoresOffset) ?? noRisks,
        killed: [user, subjectOfPair(pair)].some((subject) => killed?.(subject)),
      };
    },
    reached: ({ controlOffset, scoresOffset }) => tables.control.reached(controlOffset) ?? scores.reached(scoresOffset),
  };
};

/** A partition that is held, and how far back its past scores are needed. */
interface Held {
  readonly state: PreprovisionState;
  /** Ends of scores in force at the last snapshot and the one before. */
  needed: readonly [before: number, last: number];
}

/**
 * Run the preprovision pipeline on this process's share of the partitions of `telemetry.access`, exactly once, until
 * closed.
 *
 * @throws {EbbtideError} at once when the configured model is damaged or does not fit, or the time zone is not known
 * @example
 * const running = await startPreprovision(context, cluster, config.preprovision, config.policy.preprovision);
 */
export const startPreprovision = async (
  context: AppContext,
  cluster: ClusterOptions,
  config: PreprovisionConfig,
  policy: PreprovisionPolicy,
): Promise<Running> => {
  const { kafka, registry, log } = context;
  const opened = await openPredictor(config.model, policy.timeZone);
  const { predictor, version } = opened;
  const calendar = calendarOf(opened.zone);
  const reader = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, registry, {
    now: () => performance.now(),
  });
  const decisions = await TopicCodec.open<Decision>(topics.decisions, registry);
  const provisions = await TopicCodec.open<Provision>(topics.provisions, registry);
  const state = await TopicCodec.open<StateRecord>(topics.statePreprovision, registry);
  const metrics = preprovisionMetrics(context.metrics);
  const decision = (made: PreprovisionDecision): readonly OutputRecord[] => {
    metrics.decisions.inc({ action: made.action });
    const record = preprovisionDecision(name, made, version);
    const wish = wishOf(made, record, config.waitMs);
    const records: OutputRecord[] = [
      { topic: topics.decisions.name, key: record.subject, value: decisions.encode(record), byKey: true },
    ];
    if (wish)
      records.push({ topic: topics.provisions.name, key: wish.pair, value: provisions.encode(wish), byKey: true });
    return records;
  };
  const encoders = {
    state,
    decision,
    machines: await TopicCodec.open<Machine>(topics.machines, registry),
    deadLetters: await TopicCodec.open(topics.deadLetters, registry),
  };
  const tables = await openTables<Score, readonly ToldRisk[]>(
    context,
    topics.scores,
    (score, before) => withRisk(before ?? noRisks, score),
    { passedOver: (topic) => metrics.passedOver.inc({ topic }) },
  );
  const clockProducer = await kafka.producer({ lingerMs: 0 });
  await publishPolicy(name, context, clockProducer, tables, policy);

  const open = async (partition: number): Promise<OpenedPartition<Held>> => {
    await tables.caughtUp;
    const restored = await restore(kafka, state, partition, opened, calendar);
    const joined = preprovisionTopics(tables, partition, tellRefused(log));
    const { scoresOffset } = restored.state.clock;
    const held: Held = { state: restored.state, needed: [scoresOffset, scoresOffset] };
    const chain: OpenedPartition<Held>['chain'] = (batches) =>
      preprovision({
        partition: {
          pipeline: name,
          topic: topics.telemetryAccess.name,
          partition,
          state: restored.state,
          modelVersion: version,
        },
        reader,
        topics: joined,
        predictor,
        encoders,
      })(batches).pipe(
        tap(({ records }) => {
          const snapshot = records.filter(({ topic }) => topic === topics.statePreprovision.name).length > 1;
          if (snapshot) held.needed = [held.needed[1], restored.state.clock.scoresOffset];
        }),
      );
    const { start, replayBefore } = restored;
    return { chain, start, replayBefore, held, subjects: held.state.population.states.size };
  };

  const clockRecord = (time: number, partition: number): Buffer =>
    reader.encode(
      accessRecord({
        user: '',
        kind: 'unknown',
        time,
        clock: {
          time,
          controlOffset: tables.control.position,
          scoresOffset: tables.beside(partition).position,
        },
      }),
    );

  const pruned = new Map<number, number>();
  const report = (held: ReadonlyMap<number, Held>) => {
    let subjects = 0;
    let prepared = 0;
    for (const [partition, { state: one, needed }] of held) {
      subjects += one.population.states.size;
      prepared += one.prepared.size;
      metrics.watermark.set({ partition: String(partition) }, one.clock.time / 1000);
      // What was in force before the last snapshot that is surely committed is asked for no more
      if (needed[0] > (pruned.get(partition) ?? 0)) tables.beside(partition).prune(needed[0]);
      pruned.set(partition, needed[0]);
    }
    metrics.subjects.set(subjects);
    metrics.prepared.set(prepared);
  };

  return runJob(context, cluster, {
    name,
    topic: topics.telemetryAccess,
    changelog: topics.statePreprovision.name,
    config,
    metrics,
    clockProducer,
    clockRecord,
    open,
    report,
    describe: () => `model ${version || predictor.name}`,
    failed: tables.failed,
    async close() {
      await tables.close();
      await clockProducer.close();
      await predictor.close();
    },
  });
};
