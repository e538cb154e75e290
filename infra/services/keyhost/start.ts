import type { ModelRegistry } from '../../../models/registry/registry.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { inForce as counts, policyOf, refusalOf } from '../../../schemas/control.ts';
import type { Control, Decision } from '../../../schemas/generated/index.ts';
import type { KeylifePolicy } from '../../../schemas/keylifePolicy.ts';
import { topics } from '../../../schemas/topics.ts';
import type { AppContext, Running } from '../../context.ts';
import { listenAt, type PortTaken } from '../../http/listenAt.ts';
import { RateLimit } from '../../http/rate-limit.ts';
import { openBaselines } from '../../jobs/openBaselines.ts';
import { personMetrics } from '../../jobs/personMetrics.ts';
import { openRiskModels } from '../../jobs/riskEngine.ts';
import { follow } from '../../kafka/follow.ts';
import { VaultClient } from '../../vault/client.ts';
import type { VaultConfig } from '../../vault/config.ts';
import { UserKeys } from '../../vault/userKeys.ts';
import { Authentications } from './authentications.ts';
import type { KeyhostConfig } from './config.ts';
import { KeyhostLog } from './keyhostLog.ts';
import { createKeyhostMetrics } from './metrics.ts';
import { Peers } from './peers.ts';
import { Persons } from './persons.ts';
import { Provisioner } from './provisioner.ts';
import { Pseudonyms } from './pseudonyms.ts';
import { createRoutes } from './routes.ts';
import { CertificateRotation, issueServerCertificate } from './serverCertificate.ts';
import { openSigner } from './signers/open.ts';

/** What {@link startKeyhost} is told. */
export interface KeyhostOptions {
  readonly vault: VaultConfig;
  readonly keyhost: KeyhostConfig;
  /** Counts where no person has set another. */
  readonly policy: KeylifePolicy;
  /** Where comparators that are promoted come from; without one, the configured model decides. */
  readonly models?: ModelRegistry | undefined;
  /** Epoch milliseconds. @default the wall clock */
  readonly now?: () => number;
  /** Takes any free port where the configured one is taken, and is told so. @default the configured one is insisted on */
  readonly portTaken?: PortTaken;
}

/** The key host while it runs. */
export interface RunningKeyhost extends Running {
  /** URL. */
  readonly address: string;
  /** Replace its certificate now; open connections stay. */
  rotate(): Promise<void>;
}

/**
 * Start the key host: behaviour of a sign-in in, a key out that lives as long as the risk allows. It knows baselines,
 * earlier decisions and cuts before it answers the first request.
 *
 * @throws {EbbtideError} what Vault or Kafka failed with, or for a comparator that cannot be used
 * @example
 * const running = await startKeyhost(context, { vault, keyhost: config.keyhost, policy: config.policy.keylife });
 * running.address; // 'https://127.0.0.1:7079'
 */
export const startKeyhost = async (context: AppContext, options: KeyhostOptions): Promise<RunningKeyhost> => {
  const { kafka, registry, log } = context;
  const { keyhost: config } = options;
  const now = options.now ?? Date.now;
  const metrics = createKeyhostMetrics(context.metrics);
  const models = await openRiskModels(context, config, { registry: options.models, metrics });
  const vault = await VaultClient.connect(options.vault, { service: 'keyhost', log, metrics: context.metrics });
  const keys = new UserKeys(vault);
  const disk = openBaselines(log);
  const persons = new Persons({ keys, log, disk, openPersons: config.openPersons });
  personMetrics(context.metrics, 'keyhost', () => persons.counts);
  const authentications = new Authentications();
  const producer = await kafka.producer({ lingerMs: 0 });
  const written = await KeyhostLog.open(producer, registry, { keys, persons, timeoutMs: config.registerTimeoutMs });
  const decisions = await TopicCodec.open<Decision>(topics.decisions, registry);
  const controls = await TopicCodec.open<Control>(topics.control, registry);
  let set: { readonly control: Control; readonly policy: KeylifePolicy } | undefined;
  const heed = (control: Control): void => {
    if (control.key === 'policy/keylife' && refusalOf(control) === undefined)
      set = { control, policy: policyOf(control, 'keylife') };
  };
  const followers = [
    await follow(kafka, written.baselines, (record, { key }) => persons.apply(String(key), record), log),
    await follow(kafka, written.authentications, (record) => record && authentications.decided(record), log),
    await follow(kafka, decisions, (record) => record && authentications.cut(record), log),
    await follow(
      kafka,
      controls,
      (record) => {
        if (!record) return;
        models.pool.hear(record);
        heed(record);
      },
      log,
    ),
  ];
  await Promise.all(followers.map(({ caughtUp }) => caughtUp));
  // A registry that is away must not keep people from signing in: what is configured decides meanwhile
  void models.pool.begin();

  const signer = openSigner(vault, config.keys, now);
  let inForce = models.pool.sequence;
  const certificate = await issueServerCertificate(vault, config);
  const app = createRoutes(certificate.context, {
    provisioner: new Provisioner({
      engine: () => {
        const { sequence } = models.pool;
        if (sequence !== inForce) {
          // Requests under way may still compare by the one before
          void models.pool.release(inForce);
          inForce = sequence;
        }
        metrics.modelSequence.set(sequence);
        return models.modelOf(sequence).engine;
      },
      persons,
      pseudonyms: new Pseudonyms(vault),
      authentications,
      signer,
      log: written,
      get policy() {
        return counts(set?.control, now()) ? set!.policy : options.policy;
      },
      config,
      now,
    }),
    peers: new Peers(vault, { ...config.tls, allowed: config.endpoints }, now),
    rateLimit: new RateLimit({ perSecond: config.requestsPerSecond, burst: config.requestsBurst }),
    metrics,
    log,
    tracing: context.tracing,
  });
  const rotation = new CertificateRotation(
    certificate,
    () => issueServerCertificate(vault, config),
    (next) => app.server.setSecureContext(next.context),
    log,
  );
  const address = await listenAt((port) => app.listen({ host: config.host, port }), config.port, options.portTaken);
  log.info({ address, persons: persons.counts.known }, 'key host started');
  const failed = Promise.race(followers.map((follower) => follower.failed));
  failed.catch(() => {});

  return {
    name: 'keyhost',
    address,
    failed,
    rotate: () => rotation.rotate(),
    async health() {
      if (rotation.current.expiresAt <= Date.now())
        return { ready: false, detail: 'Its certificate has ended, and Vault has not issued another' };
      const { ready, detail } = await vault.health();
      return { ready, detail: [detail, models.describe()].filter(Boolean).join('; ') };
    },
    async close() {
      rotation.close();
      await app.close();
      await Promise.allSettled([producer.close(), ...followers.map((follower) => follower.close())]);
      await models.close();
      await vault.close();
      disk.close();
    },
  };
};
