import { from, lastValueFrom, Subject, takeUntil } from 'rxjs';
import { Controls } from '../../operators/actuate/controls.ts';
import { TokenBucket } from '../../operators/actuate/tokenBucket.ts';
import { type Arrival, actuate, type Rejection } from '../../pipelines/actuate.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Alert, Control, Decision } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import { resolutionOf } from '../alerts/body.ts';
import type { AppContext, Running } from '../context.ts';
import { follow } from '../kafka/follow.ts';
import type { Message } from '../kafka/types.ts';
import { Actuator } from '../vault/actuator.ts';
import { createActuatorMetrics } from '../vault/actuator-metrics.ts';
import { VaultClient } from '../vault/client.ts';
import type { ActuatorConfig, VaultConfig } from '../vault/config.ts';
import { Enforcer } from '../vault/enforcer.ts';
import { actOnEntity, type EntityAction, type EntityResult } from '../vault/entity.ts';
import { followScopes } from '../vault/followScopes.ts';
import { KeyedLock } from '../vault/keyed-lock.ts';
import { createMemory, recall } from '../vault/memory.ts';
import { Outage } from '../vault/outage.ts';
import { PartitionOwners } from '../vault/partitionOwners.ts';
import { Publisher } from '../vault/publisher.ts';
import { Register } from '../vault/register.ts';
import { areVaultScopes } from '../vault/scope-body.ts';
import { bindsInVault, isAboutScope } from '../vault/scope-enforcer.ts';
import { Watcher } from '../vault/watcher.ts';

/** The actuating pipeline while it runs. */
export interface RunningActuator extends Running {
  /** Act on all credentials of one entity at once. */
  actOnEntity(entityId: string, action: EntityAction): Promise<EntityResult>;
}

/** What {@link startActuate} is told. */
export interface ActuateOptions {
  readonly vault: VaultConfig;
  readonly actuator: ActuatorConfig;
  /** @default the wall clock */
  readonly now?: () => number;
}

/** A batch that is being worked on when the pipeline is closed gets this long to be finished and committed. */
const finishMs = 5_000;

/**
 * Start the pipeline that carries decisions out at Vault. It reads the register, what administrators set, and the
 * effects that were written before it applies anything, so that nothing is done twice.
 *
 * @throws {EbbtideError} when Kafka is away, Vault refuses the login, or the configuration cannot work
 * @example
 * const running = await startActuate(context, { vault: config.vault, actuator: config.actuator });
 */
export const startActuate = async (context: AppContext, options: ActuateOptions): Promise<RunningActuator> => {
  const { kafka, registry, log, tracing } = context;
  const { actuator: config } = options;
  const now = options.now ?? Date.now;
  const stopping = new AbortController();
  const { signal } = stopping;
  const vault = await VaultClient.connect(options.vault, { service: 'actuator', log, metrics: context.metrics });
  const producer = await kafka.producer();
  const publisher = await Publisher.open(producer, registry, signal);
  const decisions = await TopicCodec.open<Decision>(topics.decisions, registry);
  const memory = createMemory(config);
  const register = new Register();
  const controls = new Controls();
  const working = new Map<Arrival, number>();
  const partitions = new PartitionOwners(config.watch.capacity);

  const followers = [
    await follow(kafka, publisher.credentials, (record, message) => register.apply(String(message.key), record), log),
    await follow(
      kafka,
      await TopicCodec.open<Control>(topics.control, registry),
      (record, message) => (record ? controls.apply(record) : controls.remove(String(message.key))),
      log,
    ),
    await follow(
      kafka,
      publisher.effects,
      (effect, message) => {
        if (!effect) return;
        if (recall(memory, effect, now())) partitions.theirs(message.partition);
        partitions.note(effect.subject, message.partition);
      },
      log,
    ),
  ];
  await Promise.all(followers.map((follower) => follower.caughtUp));
  partitions.reset();

  const actuator = new Actuator(vault, now);
  let outageAlert: Alert | undefined;
  const outage = new Outage({
    health: () => vault.health(),
    backoff: config,
    longMs: config.outageAlertMs,
    signal,
    onLong: (detail) => {
      log.error({ detail }, 'Vault is away; decisions wait');
      const at = now();
      outageAlert = {
        alertId: `vaultUnavailable/${at}`,
        subject: 'vault',
        pipeline: 'actuate',
        kind: 'vaultUnavailable',
        severity: 'critical',
        summary: `Decisions wait for Vault: ${detail}`,
        decisionId: null,
        at,
      };
      publisher.raise(outageAlert).catch(() => {});
    },
    onBack: () => {
      if (outageAlert) publisher.raise(resolutionOf(outageAlert, 'Vault serves again', now())).catch(() => {});
    },
  });
  const oldest = () => (working.size === 0 ? 0 : now() - Math.min(...working.values()));
  const metrics = createActuatorMetrics(context.metrics, {
    inFlight: () => working.size,
    oldestWaitingMs: oldest,
    watched: () => memory.watch.size,
    vaultAway: () => outage.detail !== '',
    registered: () => register.size,
    killSwitches: () => controls.on('killSwitch', now()),
    exemptions: () => controls.on('exemption', now()),
    lag: async () => consumer.lag(),
  });
  const shared = { actuator, outage, register, controls, memory, lock: new KeyedLock(), metrics, config, now, signal };
  const { harshBudget } = config;
  const enforcer = new Enforcer({
    ...shared,
    writes: new TokenBucket({ perSecond: config.writesPerSecond, burst: config.writesBurst }, performance.now()),
    harsh: new TokenBucket(
      { perSecond: (harshBudget.actions / harshBudget.perMs) * 1000, burst: harshBudget.actions },
      performance.now(),
    ),
  });
  const onScope = areVaultScopes(config.scopes)
    ? await followScopes(context, config.scopes, {
        ...shared,
        vault,
        done: memory.done,
        log,
        ours: (subject) => partitions.ours(subject),
      })
    : undefined;
  if (onScope) followers.push(onScope.follower);
  const watcher = new Watcher({
    ...shared,
    vault,
    enforcer,
    ours: (subject) => partitions.ours(subject),
    publish: (settlements) => publisher.publish(settlements),
  });

  const read = async (messages: readonly Message[]) => {
    const arrivals: Arrival[] = [];
    const rejections: Rejection[] = [];
    for (const message of messages) {
      try {
        const decision = await decisions.read(message.value ?? Buffer.alloc(0));
        const span = tracing?.causeOf(message.headers)?.child(`actuate ${decision.action}`, {
          'ebbtide.decision.id': decision.decisionId,
          'ebbtide.subject': decision.subject,
          'ebbtide.score': decision.score,
        });
        const arrival = { decision, writtenAt: writtenAt(message, now()), receivedAt: now(), span };
        partitions.mine(message.partition);
        partitions.note(decision.subject, message.partition);
        working.set(arrival, arrival.receivedAt);
        arrivals.push(arrival);
      } catch (error) {
        if (!isEbbtideError(error)) throw error;
        metrics.rejected.inc();
        rejections.push({ message, error });
      }
    }
    return { arrivals, rejections };
  };

  // A consumer is given no partitions of a topic that appears only later
  await kafka.partitionsOf(topics.decisions.name);
  const consumer = await kafka.consumer({
    groupId: 'ebbtide-actuate',
    topics: [topics.decisions.name],
    batchSize: config.batchSize,
  });
  const closing = new Subject<void>();
  const chain = actuate({
    batches: from(consumer.batches()).pipe(takeUntil(closing)),
    read,
    settle: async (arrivals) => {
      const aboutScope = onScope ? arrivals.filter(({ decision }) => bindsInVault(decision)) : [];
      const onLife = arrivals.filter((arrival) => !isAboutScope(arrival.decision));
      const settlements = [
        ...(onScope && aboutScope.length > 0 ? await onScope.enforcer.settle(aboutScope) : []),
        ...(onLife.length > 0 ? await enforcer.settle(onLife) : []),
      ];
      for (const arrival of arrivals) working.delete(arrival);
      return settlements;
    },
    publish: ({ settlements, rejections }) => publisher.publish(settlements, rejections),
    concurrency: config.concurrency,
  });
  const drained = lastValueFrom(chain, { defaultValue: undefined });
  const watching = Promise.all([watcher.run(), onScope?.scopeSwitch.run()]);
  const failed = new Promise<never>((_, reject) => {
    const report = (error: unknown) => signal.aborted || reject(error);
    drained.catch(report);
    watching.catch(report);
    for (const follower of followers) follower.failed.catch(report);
  });
  failed.catch(() => {});
  log.info({ registered: register.size, remembered: memory.done.size, watched: memory.watch.size }, 'actuator started');

  return {
    name: 'actuate',
    failed,
    actOnEntity: (entityId, action) => actOnEntity({ vault, actuator, register }, { entityId, action }),
    async health() {
      const atVault = await vault.health();
      if (!atVault.ready) return { ready: false, detail: atVault.detail };
      if (!consumer.healthy())
        return { ready: false, detail: 'No partitions of decisions are assigned, or Kafka does not answer' };
      return {
        ready: true,
        detail: `${atVault.detail}; ${working.size} decisions in hand, the oldest for ${Math.round(oldest())} ms`,
      };
    },
    async close() {
      closing.next();
      const late = setTimeout(() => stopping.abort(), finishMs);
      await drained.catch(() => {});
      clearTimeout(late);
      stopping.abort();
      await watching.catch(() => {});
      await Promise.allSettled([consumer.close(), producer.close(), ...followers.map((follower) => follower.close())]);
      await vault.close();
    },
  };
};

/** A broker may leave the timestamp out, and its clock may run ahead. */
const writtenAt = ({ timestamp }: Message, nowMs: number): number =>
  timestamp > 0 ? Math.min(timestamp, nowMs) : nowMs;
