import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { AppContext, Running } from '../../context.ts';
import { listenAt, type PortTaken } from '../../http/listenAt.ts';
import { RateLimit } from '../../http/rate-limit.ts';
import type { ProvisionConfig } from '../../provision/config.ts';
import { followGate } from '../../provision/followGate.ts';
import { keepDoing } from '../../provision/keepDoing.ts';
import { Minter } from '../../provision/mint/minter.ts';
import { Owed } from '../../provision/owed.ts';
import { Recorder } from '../../provision/recorder.ts';
import type { SecretStore } from '../../provision/store.ts';
import { tellTampered } from '../../provision/tampered.ts';
import { UserDirectory } from '../../provision/userKeys.ts';
import { VaultSecretStore } from '../../provision/vaultStore.ts';
import { VaultClient } from '../../vault/client.ts';
import type { VaultConfig } from '../../vault/config.ts';
import type { DeliveryConfig } from './config.ts';
import { createDeliveryMetrics } from './metrics.ts';
import { Replays } from './replays.ts';
import { createDeliveryRoutes } from './routes.ts';
import { DeliveryService } from './service.ts';
import { Users } from './users.ts';

/** How often what failed to be ended is looked at, milliseconds. */
const tickMs = 250;

/** What {@link startDelivery} is told. */
export interface DeliveryOptions {
  readonly vault: VaultConfig;
  readonly provision: ProvisionConfig;
  readonly delivery: DeliveryConfig;
  /** Takes any free port where the configured one is taken, and is told so. @default the configured one is insisted on */
  readonly portTaken?: PortTaken;
  /** @default a {@link VaultSecretStore} */
  readonly store?: SecretStore;
  /** @default the wall clock */
  readonly now?: () => number;
}

/**
 * Start the service that users ask for credentials: it hands over what was prepared, and makes what was not. It knows
 * decisions and archived machines before it answers the first request.
 *
 * @throws {EbbtideError} `CONFIG_INVALID`, or what Vault or Kafka failed with
 * @example
 * const { vault, provision, delivery } = config;
 * const running = await startDelivery(context, { vault, provision, delivery });
 * running.address; // 'http://127.0.0.1:7075'
 */
export const startDelivery = async (context: AppContext, options: DeliveryOptions): Promise<Running> => {
  const { kafka, registry, log, metrics } = context;
  const { delivery, provision: config } = options;
  const now = options.now ?? Date.now;
  const https = await readTls(delivery);
  const vault = await VaultClient.connect(options.vault, { service: 'delivery', log, metrics });
  const producer = await kafka.producer({ lingerMs: 0 });
  const recorder = await Recorder.open(producer, registry, delivery.recordTimeoutMs);
  const gate = await followGate(context, config, now);
  const owed = new Owed({ config, now, log });
  const onTampered = tellTampered(recorder, owed.owe, now, log);
  const service = new DeliveryService({
    store: options.store ?? new VaultSecretStore(vault, config.mount, { now, owe: owed.owe, onTampered }),
    minter: new Minter(vault, config.mount, now, owed.owe),
    owe: owed.owe,
    directory: new UserDirectory(vault, config.usersMount),
    risk: gate.risk,
    machines: gate.machines,
    config,
    now,
    write: (provision, alerts) => recorder.write(provision, alerts),
    log,
    by: `delivery/${hostname()}-${process.pid}`,
  });
  const app = createDeliveryRoutes({
    service,
    users: new Users(vault, delivery.callers),
    rateLimit: new RateLimit({ perSecond: delivery.requestsPerSecond, burst: delivery.requestsBurst }),
    addressLimit: new RateLimit({ perSecond: delivery.addressRequestsPerSecond, burst: delivery.addressRequestsBurst }),
    replays: new Replays(delivery.replayMs),
    metrics: createDeliveryMetrics(metrics),
    log,
    https,
  });
  const stop = keepDoing([[tickMs, () => owed.tick()]], (error) => log.error({ err: error }, 'ending is held up'));
  const address = await listenAt((port) => app.listen({ host: delivery.host, port }), delivery.port, options.portTaken);
  log.info({ address, targets: Object.keys(config.targets).length }, 'delivery service started');
  return {
    name: 'delivery',
    address,
    failed: gate.failed,
    async health() {
      const { ready, detail } = await vault.health();
      return { ready, detail: owed.size > 0 ? `${detail}; ${owed.size} are still to be ended` : detail };
    },
    async close() {
      await app.close();
      await stop();
      await owed.finish();
      await Promise.allSettled([gate.close(), producer.close()]);
      await vault.close();
    },
  };
};

const readTls = async ({ tlsCertFile, tlsKeyFile }: DeliveryConfig) => {
  if (tlsCertFile === undefined && tlsKeyFile === undefined) return undefined;
  if (tlsCertFile === undefined || tlsKeyFile === undefined)
    throw new EbbtideError('CONFIG_INVALID', 'Keys delivery.tlsCertFile and delivery.tlsKeyFile go together', {
      key: 'delivery.tlsCertFile',
    });
  try {
    return { cert: await readFile(tlsCertFile, 'utf8'), key: await readFile(tlsKeyFile, 'utf8') };
  } catch (cause) {
    const text = `Cannot read ${tlsCertFile} or ${tlsKeyFile}; see that they exist and are readable`;
    throw new EbbtideError('CONFIG_INVALID', text, { key: 'delivery.tlsCertFile' }, cause);
  }
};
