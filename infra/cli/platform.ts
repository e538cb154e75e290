import { rmSync } from 'node:fs';
import { MemoryRegistry, type SchemaRegistry } from '../../schemas/registry.ts';
import type { ClickHouseConfig } from '../clickhouse/config.ts';
import { startClickHouse } from '../clickhouse/embedded.ts';
import type { Config } from '../config/config.ts';
import { embedded } from '../config/connections.ts';
import { openVaultUsers, type VaultUsers } from '../demo/vaultUser.ts';
import { startRegistryServer } from '../http/registry-server.ts';
import { startMockCluster } from '../kafka/mock.ts';
import { createLogger } from '../log.ts';
import { dataFolder } from '../paths.ts';
import { bootstrapVault } from '../vault/bootstrap.ts';
import { accessPrincipals } from '../vault/bootstrap-provision.ts';
import type { VaultConfig } from '../vault/config.ts';
import { startOpenBao } from '../vault/embedded.ts';
import { openRegistry } from './connect.ts';
import type { Closable } from './lifetime.ts';
import { vaultOf } from './vault-login.ts';

/** The servers that everything stands on: brought up here, or merely named by the configuration. */
export interface Platform {
  readonly brokers: string;
  readonly registry: SchemaRegistry;
  readonly schemaRegistryUrl: string;
  readonly clickhouse: ClickHouseConfig;
  readonly vault: {
    readonly address: string;
    readonly actuator: VaultConfig;
    readonly console: VaultConfig | undefined;
    readonly tokenService: VaultConfig;
    /** How a service logs in that is started only where it is configured. */
    readonly login: (service: 'provision' | 'delivery' | 'keylife' | 'keyhost' | 'privacy') => VaultConfig;
    /** How an endpoint of the key host logs in; of the embedded Vault alone. */
    readonly endpoint?: VaultConfig;
    /** Opens what makes users for the demonstration; at the embedded Vault alone. */
    readonly openUsers?: () => Promise<VaultUsers>;
  };
  /** Servers brought up here, in the order of their start. */
  readonly servers: readonly Closable[];
}

/** Folders below the data folder that hold what embedded servers keep. */
const serverFolders = ['openbao', 'vault', 'clickhouse'] as const;

/** Forget what embedded servers of earlier runs kept. */
export const forgetServers = (): void => {
  for (const folder of serverFolders) rmSync(dataFolder(folder), { recursive: true, force: true });
};

/**
 * Bring up the servers that the configuration wants embedded, all at once.
 *
 * @param servers - each server that has started is added here, so that the caller can stop it even if another fails
 * @param say - told what goes on
 * @throws {EbbtideError} of the server that does not start
 */
export const openPlatform = async (
  config: Config,
  servers: Closable[],
  say: (line: string) => void,
): Promise<Platform> => {
  const keep = <T extends { stop(): Promise<void> }>(name: string, server: T): T => {
    servers.push({ name, close: () => server.stop() });
    return server;
  };
  const settled = await Promise.allSettled([
    openKafka(config, servers, say),
    openVault(config, keep, say),
    openClickHouse(config, keep, say),
  ] as const);
  for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
  const registry = await openSchemas(config, servers);
  const [brokers, vault, clickhouse] = settled.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as [
    string,
    Platform['vault'],
    ClickHouseConfig,
  ];
  return { brokers, ...registry, vault, clickhouse, servers };
};

type Keep = <T extends { stop(): Promise<void> }>(name: string, server: T) => T;

const openKafka = async (config: Config, servers: Closable[], say: (line: string) => void): Promise<string> => {
  if (config.kafka.brokers !== embedded) return config.kafka.brokers;
  const cluster = await startMockCluster();
  servers.push({ name: 'mock Kafka', close: () => cluster.close() });
  say(`Kafka: mock brokers in this process at ${cluster.brokers}`);
  return cluster.brokers;
};

const openSchemas = async (
  config: Config,
  servers: Closable[],
): Promise<Pick<Platform, 'registry' | 'schemaRegistryUrl'>> => {
  if (config.schemaRegistry.url !== embedded)
    return { registry: openRegistry(config), schemaRegistryUrl: config.schemaRegistry.url };
  const registry = new MemoryRegistry();
  const server = await startRegistryServer(registry, { host: '127.0.0.1', port: 0 });
  servers.push(server);
  return { registry, schemaRegistryUrl: server.address ?? '' };
};

const openClickHouse = async (config: Config, keep: Keep, say: (line: string) => void): Promise<ClickHouseConfig> => {
  if (config.clickhouse.url !== embedded) return config.clickhouse;
  const server = keep('ClickHouse', await startClickHouse({ folder: dataFolder('clickhouse') }));
  say(`ClickHouse: the real engine at ${server.url}`);
  return { ...config.clickhouse, url: server.url };
};

const openVault = async (config: Config, keep: Keep, say: (line: string) => void): Promise<Platform['vault']> => {
  const { address } = config.vault;
  if (address !== embedded)
    return {
      address,
      actuator: vaultOf(config, 'actuator'),
      // One without a login disables no entity
      console: config.vault.consoleLogin && vaultOf(config, 'console'),
      tokenService: vaultOf(config, 'tokenService'),
      login: (service) => vaultOf(config, service),
    };
  const bao = keep('OpenBao', await startOpenBao({ folder: dataFolder('openbao') }));
  const prepared = await bootstrapVault({
    address: bao.address,
    rootToken: bao.rootToken,
    folder: dataFolder('vault'),
    principals: accessPrincipals(config.provision.targets),
    log: createLogger('vault'),
  });
  say(`OpenBao: a real server at ${bao.address}`);
  const openUsers = () => openVaultUsers(bao, config.provision.usersMount, createLogger('vault'));
  return { address: bao.address, ...prepared, login: (service) => prepared[service], openUsers };
};
