import type { Config } from '../../config/config.ts';
import { embedded } from '../../config/connections.ts';
import { findRunning } from '../running.ts';
import { type Finding, look } from './finding.ts';

const timeoutMs = 5_000;

const ask = async (url: string, path: string): Promise<Response> => {
  try {
    return await fetch(new URL(path, url), { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const cause = (error as Error).cause as Error | undefined;
    throw new Error(`${url} does not answer: ${cause?.message || (error as Error).message}`);
  }
};

const lookAtKafka = async (brokers: string, settings: Config['kafka']['settings']): Promise<string> => {
  const { connectKafka } = await import('../../kafka/connect.ts');
  const kafka = await connectKafka({ brokers, settings });
  try {
    return `${brokers}, ${await kafka.partitionsOf('decisions')} partitions of "decisions"`;
  } finally {
    await kafka.close();
  }
};

const lookAtRegistry = async (url: string): Promise<string> => {
  const response = await ask(url, `${new URL(url).pathname.replace(/\/$/, '')}/subjects`);
  if (response.status === 401 || response.status === 403) return `${url} answers, and wants to know who asks`;
  if (!response.ok) throw new Error(`${url} answered ${response.status} to /subjects`);
  return `${url}, ${((await response.json()) as unknown[]).length} subjects`;
};

const lookAtVault = async (address: string): Promise<string> => {
  const response = await ask(address, '/v1/sys/health?standbyok=true');
  const health = (await response.json()) as { version?: string; sealed?: boolean; initialized?: boolean };
  if (health.sealed) throw new Error(`${address} is sealed`);
  if (!health.initialized) throw new Error(`${address} is not initialised`);
  return `${address}, version ${health.version}`;
};

const lookAtClickHouse = async (url: string): Promise<string> => {
  const response = await ask(url, '/ping');
  if (!response.ok) throw new Error(`${url} answered ${response.status} to /ping`);
  return `${url}, ${response.headers.get('x-clickhouse-server-display-name') ?? 'answers'}`;
};

/** Look at the servers: those that the configuration names, and those of an `ebbtide up` that runs. */
export const lookAtServers = async (config: Config): Promise<Finding[]> => {
  const running = findRunning();
  const server = (
    name: string,
    configured: string,
    runningAt: string | undefined,
    remedy: string,
    find: (address: string) => Promise<string>,
  ): Promise<Finding> => {
    const address = configured === embedded ? runningAt : configured;
    const about = {
      name,
      group: 'servers',
      needed: address !== undefined,
      remedy: address === undefined ? '' : remedy,
    } as const;
    if (address === undefined)
      return look(about, () => Promise.reject(new Error('Embedded; "ebbtide up" starts it, and none runs')));
    return look(about, () => find(address));
  };
  return Promise.all([
    look({ name: 'ebbtide up', group: 'servers', needed: false, remedy: 'Start one with "ebbtide up --demo"' }, () => {
      if (!running) throw new Error('None runs with this data folder');
      return `process ${running.pid}${running.console ? `, console at ${running.console}` : ''}`;
    }),
    server('Kafka', config.kafka.brokers, running?.kafka, 'Check kafka.brokers and kafka.settings', (brokers) =>
      lookAtKafka(brokers, config.kafka.settings),
    ),
    server(
      'Schema registry',
      config.schemaRegistry.url,
      running?.schemaRegistry,
      'Check schemaRegistry.url',
      lookAtRegistry,
    ),
    server(
      'Vault',
      config.vault.address,
      running?.vault,
      'Check vault.address; unseal it if it is sealed',
      lookAtVault,
    ),
    server('ClickHouse', config.clickhouse.url, running?.clickhouse, 'Check clickhouse.url', lookAtClickHouse),
  ]);
};
