import { behaviourChecks, behaviourOf, gatheredBursts, specificationOf } from '../../models/biometric/bursts.ts';
import type { Person } from '../../models/biometric/index.ts';
import { decodePerson } from '../../models/biometric/personFile.ts';
import type { ModelRegistry } from '../../models/registry/registry.ts';
import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import type { Comparison, GatheredBehaviour } from '../../operators/behaviour.ts';
import type { WaitingBurst } from '../../operators/gatherBehaviour.ts';
import { noKeylifeCounts } from '../../operators/keylife/batch.ts';
import { openFeatures } from '../../operators/keylife/decodeBehaviour.ts';
import {
  type KeylifeJoined,
  type KeylifePartition,
  keylifeStateVersion,
  loadKeylife,
  newKeylifePartition,
} from '../../operators/keylife/sessions.ts';
import { partitionKey } from '../../operators/toOutput.ts';
import { keylife } from '../../pipelines/keylife.ts';
import { keylifePolicies, ordersAsOf } from '../../pipelines/orders.ts';
import type { VersionedTable } from '../../pipelines/versionedTable.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Baseline, BiometricTelemetry, KeylifeState } from '../../schemas/generated/index.ts';
import type { KeylifePolicy } from '../../schemas/keylifePolicy.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';
import type { BytesOnDisk, Kept } from '../bytesOnDisk.ts';
import type { AppContext, Running } from '../context.ts';
import type { ClusterOptions } from '../kafka/client.ts';
import type { Kafka } from '../kafka/types.ts';
import { VaultClient } from '../vault/client.ts';
import type { VaultConfig } from '../vault/config.ts';
import { UserKeys } from '../vault/userKeys.ts';
import type { KeylifeConfig } from './config.ts';
import { drainCounts } from './jobMetrics.ts';
import { openTables } from './joinedTables.ts';
import { keylifeMetrics } from './keylifeMetrics.ts';
import { openBaselines } from './openBaselines.ts';
import { personMetrics } from './personMetrics.ts';
import { readChangelog } from './restore.ts';
import { openRiskModels, type RiskModel } from './riskEngine.ts';
import type { OpenedPartition } from './runJob.ts';
import { runPipeline } from './runPipeline.ts';
import { tellRefused } from './tellRefused.ts';

const name = 'keylife';
/** Log odds of what is surely an impostor's: a recording. */
const surest = Number.POSITIVE_INFINITY;

/** A record of `telemetry.biometric` with nothing in it. */
export const emptyBehaviour: BiometricTelemetry = {
  user: '',
  session: '',
  time: 0,
  modality: 'unknown',
  features: {},
  featureHash: '',
  purpose: '',
  lawfulBasis: '',
  sealed: null,
  issued: null,
  clock: null,
  batch: '',
  place: 0,
};

const openEncoders = async (registry: SchemaRegistry) => ({
  scores: await TopicCodec.open(topics.scores, registry),
  decisions: await TopicCodec.open(topics.decisions, registry),
  alerts: await TopicCodec.open(topics.alerts, registry),
  deadLetters: await TopicCodec.open(topics.deadLetters, registry),
  state: await TopicCodec.open<KeylifeState>(topics.stateKeylife, registry),
});

/** Bring a partition of behaviour up from its changelog. */
const restoreKeylife = async (
  kafka: Kafka,
  codec: TopicCodec<KeylifeState>,
  keys: UserKeys,
  partition: number,
): Promise<{ held: KeylifePartition; start: number }> => {
  const latest = new Map<string, KeylifeState>();
  await readChangelog(kafka, codec, partition, keylifeStateVersion, (key, record) => {
    if (record) latest.set(key, record);
    else latest.delete(key);
  });
  const held = newKeylifePartition(topics.telemetryBiometric.name, partition);
  const own = latest.get(partitionKey);
  latest.delete(partitionKey);
  const open = (user: string, sealed: Uint8Array) => keys.open(user, sealed);
  for (const record of latest.values()) {
    const { user, waiting } = record;
    const bursts: (Omit<WaitingBurst, 'user'> & { specification: string })[] = [];
    for (const { specification, sealed, features: plain } of waiting) {
      const features = await openFeatures({ user, sealed, features: plain }, open);
      if (features) bursts.push({ specification, features, ...(sealed && { sealed }) });
    }
    loadKeylife(held, record, bursts);
  }
  held.now = own?.time ?? 0;
  held.controlOffset = own?.controlOffset ?? 0;
  held.baselinesOffset = own?.baselinesOffset ?? 0;
  held.modelSequence = own?.modelSequence ?? 0;
  return { held, start: own?.processedOffset ?? 0 };
};

/** People who lie open in memory, and what each was opened from. */
type OpenPersons = LastSeen<string, { readonly of: Kept; readonly person: Person }>;

/** Compares bursts with the baseline of their user, and by the model, that are in force. */
const comparer = (
  modelOf: (sequence: number) => RiskModel,
  { keys, disk, persons }: { keys: UserKeys; disk: BytesOnDisk; persons: OpenPersons },
  baselines: VersionedTable<Kept>,
) => {
  const personOf = async (user: string, offset: number): Promise<Person | undefined> => {
    const kept = baselines.at(user, offset);
    if (!kept) {
      persons.delete(user);
      return undefined;
    }
    const known = persons.get(user);
    if (known?.of === kept) {
      persons.set(user, known);
      return known.person;
    }
    const opened = await keys.open(user, disk.read(kept));
    if (!opened) return undefined;
    const person = decodePerson(opened);
    persons.set(user, { of: kept, person });
    return person;
  };
  return async (
    { user, specification, bursts }: GatheredBehaviour,
    { baselinesOffset, modelSequence }: KeylifeJoined,
  ): Promise<Comparison> => {
    let person: Person | undefined;
    try {
      person = await personOf(user, baselinesOffset);
    } catch (error) {
      // A baseline that cannot be read says nothing; the key host enrols its person anew
      if (!isEbbtideError(error, 'STATE_CORRUPT') && !isEbbtideError(error, 'SCHEMA_INCOMPATIBLE')) throw error;
    }
    const { reason, risk, weight, parts } = await modelOf(modelSequence).engine.assess(
      person,
      behaviourOf(bursts.map((features) => ({ specification, features }))),
    );
    if (reason === 'replayed') return { logOdds: surest, counts: 1 };
    return { logOdds: reason === 'assessed' ? Math.log(risk / (1 - risk)) : Number.NaN, counts: weight, parts };
  };
};

/**
 * Run the keylife pipeline on this process's share of the partitions of `telemetry.biometric`, exactly once, until closed.
 *
 * @param modelRegistry - where comparators that are promoted come from; without one, pointers in `control` are refused
 * @throws {EbbtideError} at once when the configured comparator cannot be used, or Vault refuses the login
 * @example
 * const running = await startKeylife(context, cluster, config.keylife, config.policy.keylife, vaultOf(config, 'keylife'));
 */
export const startKeylife = async (
  context: AppContext,
  cluster: ClusterOptions,
  config: KeylifeConfig,
  policy: KeylifePolicy,
  vaultConfig: VaultConfig,
  modelRegistry?: ModelRegistry,
): Promise<Running> => {
  const { kafka, registry, log } = context;
  const metrics = keylifeMetrics(context.metrics);
  const models = await openRiskModels(context, config, { registry: modelRegistry, metrics });
  const vault = await VaultClient.connect(vaultConfig, { service: name, log, metrics: context.metrics });
  const keys = new UserKeys(vault);
  const limits = { now: () => performance.now() };
  const reader = await TopicCodec.open<BiometricTelemetry>(topics.telemetryBiometric, registry, limits);
  const encoders = await openEncoders(registry);
  const counts = noKeylifeCounts();
  const disk = openBaselines(log);
  const persons: OpenPersons = new LastSeen(config.openPersons);
  const tables = await openTables<Baseline, Kept>(context, topics.baselines, ({ sealed }) => disk.keep(sealed), {
    forgotten: (kept) => disk.release(kept),
    heard: (control) => models.pool.hear(control),
    passedOver: (topic) => metrics.passedOver.inc({ topic }),
  });
  personMetrics(context.metrics, name, () => ({
    known: [...tables.all()].reduce((sum, table) => sum + table.size, 0),
    open: persons.size,
    diskBytes: disk.size,
    heldBytes: disk.held,
  }));

  const open = async (partition: number): Promise<OpenedPartition<KeylifePartition>> => {
    const { held, start } = await restoreKeylife(kafka, encoders.state, keys, partition);
    await models.pool.reached({ models: held.modelSequence });
    const baselines = tables.beside(partition);
    const chain = keylife({
      partition: held,
      decoding: { reader, open: (user, sealed) => keys.open(user, sealed), specificationOf },
      checks: behaviourChecks,
      sizes: gatheredBursts,
      compare: comparer(models.modelOf, { keys, disk, persons }, baselines),
      modelVersion: ({ modelSequence }) => models.modelOf(modelSequence).version,
      orders: ordersAsOf(name, tables.control, tellRefused(log), keylifePolicies),
      async reached({ controlOffset, baselinesOffset, modelSequence }) {
        await tables.control.reached(controlOffset);
        await baselines.reached(baselinesOffset);
        await models.pool.reached({ models: modelSequence });
      },
      encoders,
      counts,
    });
    return { chain, start, replayBefore: start, held, subjects: held.sessions.size };
  };

  const clockRecord = (time: number, partition: number): Buffer =>
    reader.encode({
      ...emptyBehaviour,
      time,
      clock: {
        time,
        controlOffset: tables.control.position,
        baselinesOffset: tables.beside(partition).position,
        modelSequence: models.pool.sequence,
      },
    });

  return runPipeline<KeylifePartition>(context, cluster, {
    name,
    topic: topics.telemetryBiometric,
    changelog: topics.stateKeylife.name,
    config,
    metrics,
    policy,
    tables,
    models,
    clockRecord,
    open,
    standing: ({ sessions, now, baselinesOffset, modelSequence }) => ({
      timeMs: now,
      subjects: sessions.size,
      ...{ joinedAt: baselinesOffset, modelSequence },
    }),
    report: () => drainCounts(counts, metrics),
    async close() {
      await models.close();
      await vault.close();
      disk.close();
    },
  });
};
