import { hostname } from 'node:os';
import { TokenBucket } from '../../operators/actuate/tokenBucket.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Provision } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext, Running } from '../context.ts';
import { follow } from '../kafka/follow.ts';
import { VaultClient } from '../vault/client.ts';
import type { VaultConfig } from '../vault/config.ts';
import type { ProvisionConfig } from './config.ts';
import { Engine } from './engine.ts';
import { followGate } from './followGate.ts';
import { keepDoing } from './keepDoing.ts';
import { createProvisionMetrics } from './metrics.ts';
import { Minter } from './mint/minter.ts';
import { Owed } from './owed.ts';
import { Recorder } from './recorder.ts';
import type { SecretStore } from './store.ts';
import { tellTampered } from './tampered.ts';
import { UserDirectory } from './userKeys.ts';
import { VaultSecretStore } from './vaultStore.ts';

/** What {@link startProvision} is told. */
export interface ProvisionOptions {
  readonly vault: VaultConfig;
  readonly provision: ProvisionConfig;
  /** @default a {@link VaultSecretStore} */
  readonly store?: SecretStore;
  /** @default the wall clock */
  readonly now?: () => number;
  /** A clock that nobody can set, milliseconds. @default performance.now */
  readonly steadyNow?: () => number;
  /** How often deadlines are looked at, milliseconds. @default 250 */
  readonly tickMs?: number;
}

/**
 * Start the engine that prepares credentials before they are asked for. It knows every record of `provisions`, and so
 * every timer, before it does anything.
 *
 * @throws {EbbtideError} what Vault or Kafka failed with
 * @example
 * const running = await startProvision(context, { vault: config.vault, provision: config.provision });
 */
export const startProvision = async (context: AppContext, options: ProvisionOptions): Promise<Running> => {
  const { kafka, registry, log, metrics } = context;
  const { provision: config } = options;
  const now = options.now ?? Date.now;
  const vault = await VaultClient.connect(options.vault, { service: 'provision', log, metrics });
  const producer = await kafka.producer({ lingerMs: 0 });
  const recorder = await Recorder.open(producer, registry);
  const gate = await followGate(context, config, now);
  const steadyNow = options.steadyNow ?? (() => performance.now());
  const owed = new Owed({ config, now, steadyNow, log });
  const onTampered = tellTampered(recorder, owed.owe, now, log);
  const engine: Engine = new Engine({
    store: options.store ?? new VaultSecretStore(vault, config.mount, { now, owe: owed.owe, onTampered }),
    minter: new Minter(vault, config.mount, now, owed.owe),
    owed,
    directory: new UserDirectory(vault, config.usersMount),
    risk: gate.risk,
    machines: gate.machines,
    killed: gate.killed,
    config,
    now,
    steadyNow,
    write: (provision, alerts) => recorder.write(provision, alerts),
    mints: new TokenBucket({ perSecond: config.mintsPerSecond, burst: config.mintsBurst }, performance.now()),
    metrics: createProvisionMetrics(metrics, { waiting: () => engine.waiting, lying: () => engine.lying }),
    log,
    by: `provision/${hostname()}-${process.pid}`,
  });
  const provisions = await follow(
    kafka,
    await TopicCodec.open<Provision>(topics.provisions, registry),
    (record, message) => engine.take(String(message.key), record),
    log,
  );
  await provisions.caughtUp;
  const stop = keepDoing(
    [
      [options.tickMs ?? 250, () => engine.tick()],
      [config.sweepMs, () => engine.sweep()],
    ],
    (error) => log.warn({ code: (error as { code?: string }).code }, 'provisioning is held up'),
  );
  log.info({ waiting: engine.waiting, prepared: engine.lying }, 'provisioning engine started');
  const failed = Promise.race([provisions.failed, gate.failed]);
  failed.catch(() => {});
  return {
    name: 'provision',
    failed,
    async health() {
      const { ready, detail } = await vault.health();
      return {
        ready,
        detail: `${detail}; ${engine.waiting} wait, ${engine.lying} lie prepared${owed.size > 0 ? `, ${owed.size} are still to be ended` : ''}`,
      };
    },
    async close() {
      await stop();
      await engine.drained();
      await owed.finish();
      await Promise.allSettled([provisions.close(), gate.close(), producer.close()]);
      await vault.close();
    },
  };
};
