import { EbbtideError } from '../../schemas/errors.ts';
import { topics } from '../../schemas/topics.ts';
import { openArchive } from '../clickhouse/client.ts';
import { deskArchive } from '../clickhouse/desk.ts';
import type { Config } from '../config/config.ts';
import { embedded } from '../config/connections.ts';
import type { ConsolePorts, DemoPort } from '../console/ports.ts';
import { type RunningConsole, startConsole } from '../console/server.ts';
import type { AppContext, Running } from '../context.ts';
import { startDemo } from '../demo/demo.ts';
import { writeHabits } from '../demo/people.ts';
import { demoPolicy, demoRole, demoTargets } from '../demo/policy.ts';
import { startSignInDemo } from '../demo/signIn.ts';
import { makePeople, startVisits } from '../demo/visits.ts';
import { connectKafka } from '../kafka/connect.ts';
import { topicsAtStart } from '../kafka/topics.ts';
import type { Kafka } from '../kafka/types.ts';
import { createLogger } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { startGateway } from '../services/gateway/start.ts';
import type { TokenServiceConfig } from '../services/token/config.ts';
import { ensureSharedSecret, readSharedSecret } from '../services/token/shared-secret.ts';
import { startTokenService } from '../services/token/start.ts';
import { openTracing } from '../tracing/open.ts';
import { withExemplars } from '../tracing/tracedHistogram.ts';
import { demoSecretPath } from '../vault/bootstrap.ts';
import { version } from '../version.ts';
import { archivePorts } from './archive-ports.ts';
import { entityPort } from './entity-port.ts';
import { portTaken } from './free-port.ts';
import { gatewayOf } from './gateway.ts';
import { startKeys, watchesBehaviour } from './keys.ts';
import type { Closable } from './lifetime.ts';
import { pipelines } from './pipelines.ts';
import { openPlatform, type Platform } from './platform.ts';
import { startProvisioning } from './provisioning.ts';
import { forgetRunning, noteRunning } from './running.ts';
import { embeddedSecretFile, tokenServiceOf } from './token-service.ts';

/** What {@link bringUp} is told. */
export interface BringUpOptions {
  readonly config: Config;
  readonly demo: boolean;
  /** Port of the console, before the configured one. */
  readonly port: number | undefined;
  say(line: string): void;
}

/** What the demonstration would write its policy and credentials into. */
const demoServers = (config: Config): readonly (readonly [key: string, address: string])[] => [
  ['kafka.brokers', config.kafka.brokers],
  ['schemaRegistry.url', config.schemaRegistry.url],
  ['vault.address', config.vault.address],
];

/**
 * The configuration of the demonstration: the given one, at a pace that suits watching.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where a server is not embedded: the demonstration enforces its own policy
 */
export const atDemoPace = (config: Config): Config => {
  for (const [key, address] of demoServers(config))
    if (address !== embedded)
      throw new EbbtideError(
        'CONFIG_INVALID',
        `The demonstration enforces a policy of its own and must not meet real credentials, but ${key} is ${address}; use "ebbtide up" without --demo, or a configuration without ${key}`,
        { key, address },
      );
  return {
    ...config,
    policy: {
      ...config.policy,
      lifecycle: demoPolicy,
      keylife: { ...config.policy.keylife, mode: 'enforce' },
      preprovision: { ...config.policy.preprovision, mode: 'enforce', windowHours: 2 },
    },
    token: { ...config.token, roles: { ...config.token.roles, default: demoRole } },
    provision: { ...config.provision, targets: { ...demoTargets, ...config.provision.targets } },
    lifecycle: { ...config.lifecycle, clockMs: 250 },
    keylife: { ...config.keylife, clockMs: 250 },
  };
};

/**
 * Bring up everything in this process.
 *
 * @param below - receives what the parts stand on, as it starts
 * @param parts - receives the parts, as they start
 * @returns the console
 */
export const bringUp = async (
  { config: given, demo, port, say }: BringUpOptions,
  below: Closable[],
  parts: Running[],
): Promise<RunningConsole> => {
  const config = demo ? atDemoPace(given) : given;
  const isEmbedded = config.kafka.brokers === embedded;
  const platform = await openPlatform(config, below, say);
  const kafka = await connectKafka({ brokers: platform.brokers, settings: config.kafka.settings });
  below.push({ name: 'Kafka', close: () => kafka.close() });
  const tracing = await openTracing(config.tracing, 'up');
  if (tracing) below.push({ name: 'tracing', close: () => tracing.close() });
  const context: AppContext = {
    tracing,
    kafka,
    registry: platform.registry,
    metrics: createMetrics('up', version()),
    log: createLogger('up'),
  };
  if (tracing) withExemplars(context.metrics);
  if (isEmbedded) await touchTopics(kafka);
  else await topicsAtStart(kafka, config.kafka);
  const servers = {
    brokers: platform.brokers,
    clickhouse: () => platform.clickhouse,
    vault: (service: 'actuator' | 'keylife') =>
      service === 'actuator' ? platform.vault.actuator : platform.vault.login(service),
  };
  // Offsets of a mock cluster begin anew with each start, and must not be taken for those of the last one
  const archive = isEmbedded ? { ...config.archive, cluster: `embedded-${Date.now()}` } : config.archive;
  if (demo) await writeHabits(context, Date.now());
  const people = demo && platform.vault.openUsers ? await makePeople(await platform.vault.openUsers()) : [];
  const starting = [
    pipelines.lifecycle(context, config, servers),
    pipelines.scope(context, config, servers),
    ...(Object.keys(config.provision.targets).length > 0 ? [pipelines.preprovision(context, config, servers)] : []),
    ...(watchesBehaviour(config) ? [pipelines.keylife(context, config, servers)] : []),
    pipelines.actuate(context, config, servers),
    pipelines.archive(context, { ...config, archive }, servers),
    ...(config.threat.feeds.length > 0 ? [pipelines.threat(context, config)] : []),
    ...(config.notify.routes.length > 0 ? [pipelines.notify(context, config)] : []),
  ].map(async (running) => void parts.push(await running));
  // All of them are awaited, so that those which have started are closed when another has not
  for (const outcome of await Promise.allSettled(starting)) if (outcome.status === 'rejected') throw outcome.reason;
  say(`Pipelines run: ${parts.map(({ name }) => name).join(', ')}`);
  const history = openArchive(platform.clickhouse);
  below.push({ name: 'ClickHouse client', close: () => history.close() });
  if (config.token.sharedSecretFile === undefined) await ensureSharedSecret(embeddedSecretFile());
  const token = tokenServiceOf(config, embeddedSecretFile());
  const service = await startTokenService(context, {
    vault: platform.vault.tokenService,
    token,
    portTaken: portTaken('the token service', say),
  });
  parts.push(service);
  say(`Token service at ${service.address}`);
  const keyhost = await startKeys(context, config, platform, parts, say);
  const provisioning = await startProvisioning(context, config, platform.vault.login, parts, say);
  const gateway = await startGateway(context, { ...gatewayOf(config), portTaken: portTaken('the gateway', say) });
  parts.push(gateway);
  say(`Gateway at ${gateway.address} and, for gRPC, ${gateway.grpcAddress}`);
  const behaviour = demo && keyhost !== undefined ? await openSignIn(context, config, keyhost, platform) : undefined;
  if (behaviour) parts.push(behaviour);
  if (provisioning !== undefined && people.length > 0) parts.push(await startVisits(context, provisioning, people));
  const fleet = demo ? await openFleet(context, token, service, platform) : undefined;
  if (fleet) parts.push(fleet);
  const entities = platform.vault.console && entityPort(platform.vault.console, context.log);
  if (entities) below.push({ name: "console's client of Vault", close: () => entities.close() });
  const ports: ConsolePorts = {
    ...(entities && { actOnEntity: entities.actOnEntity }),
    parts: () => parts,
    archive: deskArchive(history),
    ...archivePorts(context, { ...config, archive }, platform.clickhouse, history),
    thresholds: () => config.policy.lifecycle,
    linkUsed: (next) => say(`The link has been used; for another browser open ${next}`),
    ...(fleet ? { demo: fleet } : {}),
    ...(behaviour ? { behaviour } : {}),
  };
  const consoleSection = {
    ...config.console,
    // What the mock brokers hold began with this process, and so did all there is to see
    ...(isEmbedded ? { from: 'beginning' as const } : {}),
    ...(port === undefined ? {} : { port }),
  };
  const console = await startConsole(context, consoleSection, ports);
  parts.push(console);
  noteRunning({
    pid: process.pid,
    kafka: platform.brokers,
    schemaRegistry: platform.schemaRegistryUrl,
    vault: platform.vault.address,
    clickhouse: platform.clickhouse.url,
    cluster: archive.cluster,
    console: console.address,
    gateway: gateway.address,
    ...(service.address === undefined ? {} : { token: service.address }),
    ...(provisioning === undefined ? {} : { delivery: provisioning }),
    ...(keyhost === undefined ? {} : { keyhost }),
  });
  below.push({ name: 'note of what runs', close: async () => forgetRunning() });
  return console;
};

/** Mock brokers make a topic when somebody asks for it. */
const touchTopics = async (kafka: Kafka): Promise<void> => {
  await Promise.all(Object.values(topics).map(({ name }) => kafka.partitionsOf(name)));
};

const openFleet = async (
  context: AppContext,
  token: TokenServiceConfig,
  service: Running,
  platform: Platform,
): Promise<Running & DemoPort> =>
  startDemo(context, {
    tokenUrl: service.address ?? '',
    sharedSecret: await readSharedSecret(token.sharedSecretFile ?? ''),
    vaultUrl: platform.vault.address,
    secretPath: demoSecretPath,
  });

/** Somebody to sign in as, for whoever watches. */
const openSignIn = async (context: AppContext, { keyhost, policy }: Config, address: string, { vault }: Platform) =>
  vault.endpoint &&
  startSignInDemo(context, {
    keyhost: address,
    vault: { endpoint: vault.endpoint, privacy: vault.login('privacy') },
    enrolment: keyhost.enrolment,
    enrolments: keyhost.enrolments,
    rule: policy.keylife.lifespans,
  });
