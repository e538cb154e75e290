import type { Config } from '../../config/config.ts';
import { embedded } from '../../config/connections.ts';
import type { ClientTlsFiles } from '../../http/clientTls.ts';
import { findRunning } from '../running.ts';
import { type Finding, look } from './finding.ts';

const timeoutMs = 5_000;

const lookAtKafka = async (brokers: string, settings: Config['kafka']['settings']): Promise<string> => {
  const { connectKafka } = await import('../../kafka/connect.ts');
  const kafka = await connectKafka({ brokers, settings });
  try {
    return `${brokers}, ${await kafka.partitionsOf('decisions')} partitions of "decisions"`;
  } finally {
    await kafka.close();
  }
};

const lookAtRegistry = async (url: string, section: Config['schemaRegistry']): Promise<string> => {
  const { countSubjects } = await import('../../kafka/registry.ts');
  const subjects = await countSubjects({ ...section, url });
  return `${url}, ${subjects === undefined ? `answers; ${section.username} may not list its subjects` : `${subjects} subjects`}`;
};

const lookAtVault = async (address: string, files: ClientTlsFiles): Promise<string> => {
  const { createTransport } = await import('../../vault/transport.ts');
  const transport = createTransport(files);
  try {
    const uri = new URL('/v1/sys/health?standbyok=true&perfstandbyok=true', address).href;
    const { body } = await transport
      .defaults()({ method: 'GET', uri, timeout: timeoutMs })
      .catch((error: Error) => {
        throw new Error(`${address} does not answer: ${error.message}`);
      });
    const health = (body ?? {}) as { version?: string; sealed?: boolean; initialized?: boolean };
    if (health.initialized === false) throw new Error(`${address} is not initialised`);
    if (health.sealed) throw new Error(`${address} is sealed`);
    if (health.version === undefined) throw new Error(`${address} answers, but not as a Vault`);
    return `${address}, version ${health.version}`;
  } finally {
    transport.close();
  }
};

const lookAtClickHouse = async (url: string, section: Config['clickhouse']): Promise<string> => {
  const { openArchive } = await import('../../clickhouse/client.ts');
  const { clickhouseError } = await import('../../clickhouse/errors.ts');
  // Its own database is made by the archive's first start
  const archive = openArchive({ ...section, url, database: 'system', requestTimeoutMs: timeoutMs });
  try {
    const answer = await archive.client.query({ query: 'SELECT version() AS version', format: 'JSONEachRow' });
    const [row] = await answer.json<{ version: string }>();
    return `${url}, version ${row?.version}, as ${section.username}`;
  } catch (error) {
    throw clickhouseError(`${url} does not answer`, error);
  } finally {
    await archive.close();
  }
};

/**
 * Look at the servers that the configuration names, and those of an `ebbtide up` that runs: by the clients that pipelines and
 * services have, with the same certificates and passwords.
 */
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
      'Check schemaRegistry.url, and its user and certificates',
      (url) => lookAtRegistry(url, config.schemaRegistry),
    ),
    server(
      'Vault',
      config.vault.address,
      running?.vault,
      'Check vault.address and its certificates; unseal it if it is sealed',
      (address) => lookAtVault(address, config.vault),
    ),
    server(
      'ClickHouse',
      config.clickhouse.url,
      running?.clickhouse,
      'Check clickhouse.url, and its user and certificates',
      (url) => lookAtClickHouse(url, config.clickhouse),
    ),
  ]);
};
