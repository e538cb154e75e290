import { existsSync } from 'node:fs';
import { openModelRegistry } from '../../../models/registry/open.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { startAccessCollector } from '../../agents/access/start.ts';
import { openArchive } from '../../clickhouse/client.ts';
import { deskArchive } from '../../clickhouse/desk.ts';
import type { Config } from '../../config/config.ts';
import { startConsole } from '../../console/server.ts';
import type { AppContext, Running } from '../../context.ts';
import type { Logger } from '../../log.ts';
import { startProvision } from '../../provision/start.ts';
import { startDelivery } from '../../services/delivery/start.ts';
import { startGateway } from '../../services/gateway/start.ts';
import { startKeyhost } from '../../services/keyhost/start.ts';
import { startMail } from '../../services/mail/start.ts';
import { startSignals } from '../../services/signals/start.ts';
import { startTokenService } from '../../services/token/start.ts';
import { archivePorts } from '../archive-ports.ts';
import { addressOf } from '../connect.ts';
import { entityPort } from '../entity-port.ts';
import { gatewayOf } from '../gateway.ts';
import type { Action } from '../invocation.ts';
import { beProcess } from '../process.ts';
import type { Terminal } from '../terminal.ts';
import { embeddedSecretFile, tokenServiceOf } from '../token-service.ts';
import { vaultOf } from '../vault-login.ts';

type Start = (
  context: AppContext,
  config: Config,
  terminal: Terminal,
  parts: () => readonly Running[],
) => Promise<Running>;

const serveToken: Start = (context, config) => {
  const secretFile = existsSync(embeddedSecretFile()) ? embeddedSecretFile() : undefined;
  return startTokenService(context, {
    vault: vaultOf(config, 'tokenService'),
    token: tokenServiceOf(config, secretFile),
  });
};

const serveGateway: Start = (context, config) => startGateway(context, gatewayOf(config));

/** A console without a login at Vault runs all the same, and then disables no entity. */
const entitiesOf = (config: Config, log: Logger): ReturnType<typeof entityPort> | undefined => {
  try {
    return entityPort(vaultOf(config, 'console'), log);
  } catch (error) {
    if (isEbbtideError(error, 'CONFIG_INVALID') || isEbbtideError(error, 'SERVICE_MISSING')) return undefined;
    throw error;
  }
};

/** Whoever reads the log comes in by a link in it: where a file is named, the link is there alone. */
const whereLink = ({ console: { linkFile } }: Config, link: string): string =>
  linkFile === undefined ? `open ${link}` : `open the link in ${linkFile}`;

const serveConsole: Start = async (context, config, { say }, parts) => {
  const clickhouse = {
    ...config.clickhouse,
    url: addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url'),
  };
  const archive = openArchive(clickhouse);
  const entities = entitiesOf(config, context.log);
  const console = await startConsole(context, config.console, {
    parts,
    thresholds: () => config.policy.lifecycle,
    archive: deskArchive(archive),
    ...archivePorts(context, config, clickhouse, archive),
    linkUsed: (next) => say(`The link has been used; for another browser ${whereLink(config, next)}`),
    ...(entities && { actOnEntity: entities.actOnEntity }),
  });
  say(`For the console ${whereLink(config, console.link)}`);
  return {
    ...console,
    close: async () => {
      await console.close();
      await Promise.all([archive.close(), entities?.close()]);
    },
  };
};

const serveKeyhost: Start = async (context, config) =>
  startKeyhost(context, {
    models: await openModelRegistry(config.models),
    vault: vaultOf(config, 'keyhost'),
    keyhost: config.keyhost,
    policy: config.policy.keylife,
  });

const serveSignals: Start = (context, config) => startSignals(context, config.signals);

const serveProvision: Start = (context, config) =>
  startProvision(context, { vault: vaultOf(config, 'provision'), provision: config.provision });

const serveDelivery: Start = (context, config) => {
  const { provision, delivery } = config;
  return startDelivery(context, { vault: vaultOf(config, 'delivery'), provision, delivery });
};

const serveMail: Start = (context, config) => startMail(context, { mail: config.mail });

const serveCollector: Start = (context, config) => startAccessCollector(context, config.collector);

const services = {
  token: serveToken,
  gateway: serveGateway,
  keyhost: serveKeyhost,
  provision: serveProvision,
  delivery: serveDelivery,
  mail: serveMail,
  signals: serveSignals,
  console: serveConsole,
  collector: serveCollector,
} as const;

/** Run services until stopped. */
export const run: Action<object, [(keyof typeof services)[]]> = async ({ terminal, load }, _options, names) => {
  const { config } = await load();
  const wanted = [...new Set(names)];
  return beProcess(
    config,
    `serve ${wanted.join(' ')}`,
    terminal,
    wanted.map((name) => (context, parts) => services[name](context, config, terminal, parts)),
  );
};
