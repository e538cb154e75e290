import { tap } from 'rxjs';
import { type Calendar, calendarOf } from '../../models/access/calendar.ts';
import { partsOfPair } from '../../models/access/population.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import type { OutputRecord } from '../../operators/batch.ts';
import type { PreprovisionDecision } from '../../operators/preprovision/batch.ts';
import { preprovisionDecision, subjectOfPair } from '../../operators/preprovision/decisionRecord.ts';
import { PreprovisionState } from '../../operators/preprovision/partitionState.ts';
import type { ToldRisk } from '../../operators/preprovision/riskGate.ts';
import { withRisk } from '../../operators/preprovision/toldRisks.ts';
import { positionKey, savedOf, stateVersion } from '../../operators/preprovision/toPreprovisionOutput.ts';
import { ordersAsOf, preprovisionPolicies } from '../../pipelines/orders.ts';
import { type PreprovisionTask, preprovision } from '../../pipelines/preprovision.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type {
  AccessClock,
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
import { compareModels } from './accessComparison.ts';
import { type AccessInForce, loadForZone, recorded, recordedChoice, statistics } from './accessModels.ts';
import type { PreprovisionConfig } from './config.ts';
import { openTables, type Tables } from './joinedTables.ts';
import type { ModelPool } from './modelPool.ts';
import { openModels } from './models.ts';
import { preprovisionMetrics } from './preprovisionMetrics.ts';
import { wishOf } from './preprovisionWish.ts';
import { readChangelog } from './restore.ts';
import type { OpenedPartition } from './runJob.ts';
import { runPipeline } from './runPipeline.ts';
import { type TellRefused, tellRefused } from './tellRefused.ts';

const name = 'preprovision';
const noRisks: readonly ToldRisk[] = [];

/** Bring a partition of access telemetry up from its changelog. */
const restore = async (
  kafka: Kafka,
  codec: TopicCodec<StateRecord>,
  partition: number,
  pool: ModelPool<AccessInForce>,
  calendar: Calendar,
): Promise<{ state: PreprovisionState; start: number; replayBefore: number }> => {
  const records = new Map<string, StateRecord>();
  await readChangelog(kafka, codec, partition, stateVersion, (key, record) =>
    record ? records.set(key, record) : records.delete(key),
  );
  const replayBefore = records.get(positionKey)?.processedOffset ?? 0;
  const kept = savedOf(records.values());
  const models = kept?.saved.clock.modelSequence ?? 0;
  await pool.reached({ models });
  const { champion } = pool.inForce({ models });
  const model = { carried: champion.carried, version: recorded(champion.version) };
  if (!kept) return { state: new PreprovisionState(calendar, 0, model.carried, model.version), start: 0, replayBefore };
  const state = PreprovisionState.restore(calendar, kept.saved, model, (pair) => partsOfPair(pair).vm);
  return { state, start: kept.processedOffset, replayBefore };
};

/** What decisions of one partition are joined with. */
const preprovisionTopics = (
  tables: Pick<Tables<readonly ToldRisk[]>, 'control' | 'beside'>,
  models: Pick<ModelPool<AccessInForce>, 'reached'>,
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
    async reached({ controlOffset, scoresOffset, modelSequence }) {
      await tables.control.reached(controlOffset);
      await scores.reached(scoresOffset);
      await models.reached({ models: modelSequence });
    },
  };
};

/** A partition that is held, and how far back its past scores are needed. */
interface Held {
  readonly state: PreprovisionState;
  /** What was in force at the last snapshot and the one before. */
  needed: readonly [before: AccessClock, last: AccessClock];
}

/**
 * Run the preprovision pipeline on this process's share of the partitions of `telemetry.access`, exactly once, until
 * closed.
 *
 * @param modelRegistry - where models that are promoted come from; without one, pointers in `control` are refused
 * @throws {EbbtideError} at once when the configured model is damaged or does not fit, or the time zone is not known
 * @example
 * const running = await startPreprovision(context, cluster, config.preprovision, config.policy.preprovision);
 */
export const startPreprovision = async (
  context: AppContext,
  cluster: ClusterOptions,
  config: PreprovisionConfig,
  policy: PreprovisionPolicy,
  modelRegistry?: ModelRegistry,
): Promise<Running> => {
  const { kafka, registry, log } = context;
  const trained = config.model === 'statistics' ? undefined : config.model;
  const configured = trained === undefined ? statistics(policy.timeZone) : await loadForZone(trained);
  const { zone } = configured;
  const calendar = calendarOf(zone);
  const reader = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, registry, {
    now: () => performance.now(),
  });
  const decisions = await TopicCodec.open<Decision>(topics.decisions, registry);
  const provisions = await TopicCodec.open<Provision>(topics.provisions, registry);
  const state = await TopicCodec.open<StateRecord>(topics.statePreprovision, registry);
  const metrics = preprovisionMetrics(context.metrics);
  const decision = (made: PreprovisionDecision): readonly OutputRecord[] => {
    metrics.decisions.inc({ action: made.action });
    const record = preprovisionDecision(name, made);
    const wish = wishOf(made, record, config.waitMs);
    const records: OutputRecord[] = [
      { topic: topics.decisions.name, key: record.subject, value: decisions.encode(record), byKey: true },
    ];
    if (wish)
      records.push({ topic: topics.provisions.name, key: wish.pair, value: provisions.encode(wish), byKey: true });
    return records;
  };
  const comparison = compareModels(metrics);
  const encoders = {
    state,
    decision,
    machines: await TopicCodec.open<Machine>(topics.machines, registry),
    deadLetters: await TopicCodec.open(topics.deadLetters, registry),
  };
  const models = await openModels<AccessInForce>({
    ...{ kind: 'access', configured, folder: trained, registry: modelRegistry, metrics, log },
    builtIn: statistics(zone),
    load: (source) => loadForZone(source, zone),
  });
  const tables = await openTables<Score, readonly ToldRisk[]>(
    context,
    topics.scores,
    (score, before) => withRisk(before ?? noRisks, score),
    {
      heard: (control) => models.pool.hear(control),
      passedOver: (topic) => metrics.passedOver.inc({ topic }),
    },
  );

  const open = async (partition: number): Promise<OpenedPartition<Held>> => {
    const restored = await restore(kafka, state, partition, models.pool, calendar);
    const joined = preprovisionTopics(tables, models.pool, partition, tellRefused(log));
    const { clock } = restored.state;
    const held: Held = { state: restored.state, needed: [clock, clock] };
    const chain: OpenedPartition<Held>['chain'] = (batches) =>
      preprovision({
        partition: {
          pipeline: name,
          topic: topics.telemetryAccess.name,
          partition,
          state: restored.state,
        },
        reader,
        topics: joined,
        models: recordedChoice(models.pool),
        compared: comparison.add,
        encoders,
      })(batches).pipe(
        tap(({ records }) => {
          const snapshot = records.filter(({ topic }) => topic === topics.statePreprovision.name).length > 1;
          if (snapshot) held.needed = [held.needed[1], restored.state.clock];
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
          modelSequence: models.pool.sequence,
        },
      }),
    );

  return runPipeline<Held>(context, cluster, {
    name,
    topic: topics.telemetryAccess,
    changelog: topics.statePreprovision.name,
    config,
    metrics,
    policy,
    tables,
    models,
    clockRecord,
    open,
    standing: ({ state: { clock, population }, needed: [{ scoresOffset, modelSequence }] }) => ({
      timeMs: clock.time,
      subjects: population.states.size,
      // What was in force before the last snapshot that is surely committed is asked for no more
      ...{ joinedAt: scoresOffset, modelSequence },
    }),
    report(held) {
      let prepared = 0;
      for (const { state: one } of held) prepared += one.prepared.size;
      metrics.prepared.set(prepared);
    },
    describe: () => comparison.describe(),
    close: () => configured.close(),
  });
};
