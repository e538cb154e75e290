import { Controls } from '../../../operators/actuate/controls.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Control, Decision, Effect } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import type { AppContext, Running } from '../../context.ts';
import { listenAt, type PortTaken } from '../../http/listenAt.ts';
import { RateLimit } from '../../http/rate-limit.ts';
import { follow } from '../../kafka/follow.ts';
import { Actuator } from '../../vault/actuator.ts';
import { VaultClient } from '../../vault/client.ts';
import type { VaultConfig } from '../../vault/config.ts';
import { Register } from '../../vault/register.ts';
import { Callers } from './callers.ts';
import type { TokenServiceConfig } from './config.ts';
import { DecisionsInForce } from './in-force.ts';
import { Issuer } from './issuer.ts';
import { createTokenServiceMetrics } from './metrics.ts';
import { Registrar } from './registrar.ts';
import { createRoutes } from './routes.ts';
import { TokenService } from './service.ts';
import { readSharedSecret } from './shared-secret.ts';

/** What {@link startTokenService} is told. */
export interface TokenServiceOptions {
  readonly vault: VaultConfig;
  readonly token: TokenServiceConfig;
  /** Takes any free port where the configured one is taken, and is told so. @default the configured one is insisted on */
  readonly portTaken?: PortTaken;
  /** @default the wall clock */
  readonly now?: () => number;
}

/**
 * Start the service that issues event-specific credentials to function instances, and renews them by the current
 * decision. It knows the register and every decision before it answers the first request.
 *
 * @throws {EbbtideError} `CONFIG_INVALID`, or what Vault or Kafka failed with
 * @example
 * const running = await startTokenService(context, { vault: config.vault, token: config.token });
 * running.address; // 'http://127.0.0.1:7071'
 */
export const startTokenService = async (context: AppContext, options: TokenServiceOptions): Promise<Running> => {
  const { kafka, registry, log } = context;
  const { token: config } = options;
  const now = options.now ?? Date.now;
  const usesSecret = config.callers.some(({ method }) => method === 'sharedSecret');
  if (usesSecret && config.sharedSecretFile === undefined)
    throw new EbbtideError(
      'CONFIG_INVALID',
      'Key token.sharedSecretFile is missing, though callers may use a shared secret',
      {
        key: 'token.sharedSecretFile',
      },
    );
  const secret = usesSecret ? await readSharedSecret(config.sharedSecretFile!) : undefined;
  const vault = await VaultClient.connect(options.vault, { service: 'tokenService', log, metrics: context.metrics });
  const producer = await kafka.producer({ lingerMs: 0 });
  const registrar = await Registrar.open(producer, registry, config.registerTimeoutMs);
  const register = new Register();
  const controls = new Controls();
  const inForce = new DecisionsInForce(controls, now);

  const codecs = {
    control: await TopicCodec.open<Control>(topics.control, registry),
    decisions: await TopicCodec.open<Decision>(topics.decisions, registry),
    effects: await TopicCodec.open<Effect>(topics.effects, registry),
  };
  const followers = [
    await follow(kafka, registrar.codec, (record, message) => register.apply(String(message.key), record), log),
    await follow(
      kafka,
      codecs.control,
      (record, message) => (record ? controls.apply(record) : controls.remove(String(message.key))),
      log,
    ),
    await follow(kafka, codecs.decisions, (record) => record && inForce.decided(record), log),
    await follow(kafka, codecs.effects, (record) => record && inForce.effected(record), log),
  ];
  await Promise.all(followers.map((follower) => follower.caughtUp));

  const actuator = new Actuator(vault, now);
  const issuer = new Issuer(vault, now);
  const app = createRoutes({
    service: new TokenService({ actuator, issuer, register, registrar, inForce, config, now }),
    callers: new Callers(vault, config.callers, secret),
    rateLimit: new RateLimit({ perSecond: config.requestsPerSecond, burst: config.requestsBurst }),
    metrics: createTokenServiceMetrics(context.metrics),
    log,
    tracing: context.tracing,
  });
  const address = await listenAt((port) => app.listen({ host: config.host, port }), config.port, options.portTaken);
  log.info({ address, registered: register.size }, 'token service started');
  const failed = Promise.race(followers.map((follower) => follower.failed));
  failed.catch(() => {});

  return {
    name: 'token',
    address,
    failed,
    async health() {
      const { ready, detail } = await vault.health();
      return { ready, detail };
    },
    async close() {
      await app.close();
      await Promise.allSettled([producer.close(), ...followers.map((follower) => follower.close())]);
      await vault.close();
    },
  };
};
