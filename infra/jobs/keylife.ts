import { behaviourChecks, behaviourOf, gatheredBursts, specificationOf } from '../../models/biometric/bursts.ts';
import type { Person, RiskEngine } from '../../models/biometric/index.ts';
import { decodePerson } from '../../models/biometric/personFile.ts';
import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import type { GatheredBehaviour } from '../../operators/behaviour.ts';
import type { WaitingBurst } from '../../operators/gatherBehaviour.ts';
import { noKeylifeCounts } from '../../operators/keylife/batch.ts';
import { openFeatures } from '../../operators/keylife/decodeBehaviour.ts';
import {
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
import { publishPolicy } from './publishPolicy.ts';
import { readChangelog } from './restore.ts';
import { openRiskEngine } from './riskEngine.ts';
import { type OpenedPartition, runJob } from './runJob.ts';
import { tellRefused } from './tellRefused.ts';

const name = 'keylife';
/** Baselines that lie open in memory: some 50 KB each. */
const openPersons = 500;
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
  return { held, start: own?.processedOffset ?? 0 };
};

/** Compares bursts with the baseline of their user as of an offset. */
const comparer = (engine: RiskEngine, keys: UserKeys, baselines: VersionedTable<Baseline>) => {
  const persons = new LastSeen<string, { of: Baseline; person: Person }>(openPersons);
  const personOf = async (user: string, offset: number): Promise<Person | undefined> => {
    const baseline = baselines.at(user, offset);
    if (!baseline) return undefined;
    const known = persons.get(user);
    if (known?.of === baseline) return known.person;
    const opened = await keys.open(user, baseline.sealed);
    if (!opened) return undefined;
    const person = decodePerson(opened);
    persons.set(user, { of: baseline, person });
    return person;
  };
  return async ({ user, specification, bursts }: GatheredBehaviour, offset: number): Promise<number> => {
    let person: Person | undefined;
    try {
      person = await personOf(user, offset);
    } catch (error) {
      // A baseline that cannot be read says nothing; the key host enrols its person anew
      if (!isEbbtideError(error, 'STATE_CORRUPT')) throw error;
    }
    const { reason, risk } = await engine.assess(
      person,
      behaviourOf(bursts.map((features) => ({ specification, features }))),
    );
    if (reason === 'replayed') return surest;
    return reason === 'assessed' ? Math.log(risk / (1 - risk)) : Number.NaN;
  };
};

/**
 * Run the keylife pipeline on this process's share of the partitions of `telemetry.biometric`, exactly once, until closed.
 *
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
): Promise<Running> => {
  const { kafka, registry, log } = context;
  const { engine, version } = await openRiskEngine(context, config);
  const vault = await VaultClient.connect(vaultConfig, { service: name, log, metrics: context.metrics });
  const keys = new UserKeys(vault);
  const limits = { now: () => performance.now() };
  const reader = await TopicCodec.open<BiometricTelemetry>(topics.telemetryBiometric, registry, limits);
  const encoders = await openEncoders(registry);
  const metrics = keylifeMetrics(context.metrics);
  const counts = noKeylifeCounts();
  const tables = await openTables<Baseline, Baseline>(context, topics.baselines, (baseline) => baseline, {
    passedOver: (topic) => metrics.passedOver.inc({ topic }),
  });
  const clockProducer = await kafka.producer({ lingerMs: 0 });
  await publishPolicy(name, context, clockProducer, tables, policy);

  const open = async (partition: number): Promise<OpenedPartition<KeylifePartition>> => {
    await tables.caughtUp;
    const { held, start } = await restoreKeylife(kafka, encoders.state, keys, partition);
    const baselines = tables.beside(partition);
    const chain = keylife({
      partition: held,
      decoding: { reader, open: (user, sealed) => keys.open(user, sealed), specificationOf },
      checks: behaviourChecks,
      sizes: gatheredBursts,
      compare: comparer(engine, keys, baselines),
      orders: ordersAsOf(name, tables.control, tellRefused(log), keylifePolicies),
      reached: ({ controlOffset, baselinesOffset }) =>
        tables.control.reached(controlOffset) ?? baselines.reached(baselinesOffset),
      modelVersion: version,
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
      },
    });

  const report = (held: ReadonlyMap<number, KeylifePartition>) => {
    drainCounts(counts, metrics);
    let subjects = 0;
    for (const [partition, { sessions, now, baselinesOffset }] of held) {
      subjects += sessions.size;
      metrics.watermark.set({ partition: String(partition) }, now / 1000);
      tables.beside(partition).prune(baselinesOffset);
    }
    metrics.subjects.set(subjects);
  };

  return runJob(context, cluster, {
    name,
    topic: topics.telemetryBiometric,
    config,
    metrics,
    clockProducer,
    clockRecord,
    open,
    report,
    describe: () => `model ${version}`,
    failed: tables.failed,
    async close() {
      await tables.close();
      await clockProducer.close();
      await vault.close();
    },
  });
};
