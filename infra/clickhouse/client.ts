import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  createClient,
} from '@clickhouse/client';
import { EbbtideError } from '../../schemas/errors.ts';
import { type ClientTlsAgents, clientTlsAgents } from '../http/clientTls.ts';
import type { ClickHouseConfig } from './config.ts';
import { clickhouseError } from './errors.ts';
import { type Migration, migrate } from './migrate.ts';
import { applyRetention } from './retention.ts';
import { RowBinaryBatch, type TableRows } from './rowBatch.ts';
import { logColumns } from './tables.ts';
import type { Archive, RowBatch } from './types.ts';

/** {@link Archive}, with what migrations and queries need besides. */
export interface ClickHouseArchive extends Archive {
  readonly database: string;
  readonly client: ClickHouseClient;
  /**
   * {@link Archive.prepare}; each migration has a day, however long other requests may take.
   *
   * @param migrations - in order; the ones that ship, when absent
   */
  prepare(signal?: AbortSignal, migrations?: readonly Migration[]): Promise<void>;
}

/** A little below the 3 s after which older servers close an idle connection, so that none is used while it closes. */
const idleSocketMs = 2_500;

/** A migration goes through whole tables. One that was given up goes on at the server, and would be begun beside itself. */
const migrationTimeoutMs = 24 * 3_600_000;
/** What stands between may end connections that are silent for a minute. */
const progressMs = 10_000;
/** Headers of progress, some 200 bytes each, come to 2 MB a day. */
const longestHeaders = 16 * 1024 * 1024;

/**
 * Open the archive. Nothing is sent yet: {@link Archive.prepare} creates the database.
 *
 * @param config - `url` must be an address here: starting the embedded engine is up to the caller
 * @returns the archive, to be closed
 * @throws {EbbtideError} `CONFIG_INVALID` when the URL, the password's file or the authority's cannot be read
 * @example
 * const { url } = await startClickHouse({ folder: dataFolder('clickhouse') });
 * const archive = openArchive(clickhouseConfig.parse({ url }));
 * await archive.prepare();
 */
export const openArchive = (config: ClickHouseConfig): ClickHouseArchive => {
  const url = addressOf(config.url);
  const compression = config.compression ?? !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  const agents = url.protocol === 'https:' ? clientTlsAgents('clickhouse', config) : undefined;
  const open = (database: string, more: ClickHouseClientConfigOptions = {}): ClickHouseClient =>
    createClient({
      url,
      database,
      ...accessOf(config, agents),
      application: 'ebbtide',
      request_timeout: config.requestTimeoutMs,
      max_open_connections: config.maxConnections,
      keep_alive: { enabled: true, idle_socket_ttl: idleSocketMs, eagerly_destroy_stale_sockets: true },
      compression: { request: compression ? { codec: 'gzip', level: 1 } : false, response: compression },
      log: { level: ClickHouseLogLevel.OFF },
      ...more,
    });
  const client = open(config.database);
  return {
    database: config.database,
    client,
    async prepare(signal, migrations) {
      const patient = open(config.database, {
        request_timeout: migrationTimeoutMs,
        max_response_headers_size: longestHeaders,
        clickhouse_settings: {
          send_progress_in_http_headers: 1,
          http_headers_progress_interval_ms: String(progressMs),
        },
      });
      const bootstrap = open('system');
      try {
        const given = { ...(migrations ? { migrations } : {}), ...(signal ? { signal } : {}) };
        await migrate({ client: patient, bootstrap, database: config.database, ...given });
        await applyRetention(patient, config.database, config.retentionDays, signal);
      } finally {
        await Promise.all([patient.close(), bootstrap.close()]);
      }
    },
    newBatch: (cluster) => new RowBinaryBatch(cluster),
    async insert(batch: RowBatch, signal) {
      if (!(batch instanceof RowBinaryBatch)) throw new TypeError('Batch must come from newBatch of the same archive');
      for (const rows of batch.byTable()) await insertTable(client, rows, signal);
    },
    async ping() {
      const answer = await client.ping({ select: true });
      if (!answer.success) throw clickhouseError(`ClickHouse at ${url.origin} does not answer`, answer.error);
    },
    close: () => client.close(),
  };
};

const insertTable = async (
  client: ClickHouseClient,
  { table, body }: TableRows,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const columns = [...logColumns, ...table.columns].map(({ name }) => `\`${name}\``).join(', ');
  try {
    const { stream } = await client.exec({
      query: `INSERT INTO ${table.name} (${columns}) FORMAT RowBinary`,
      values: Readable.from([body], { objectMode: false }),
      clickhouse_settings: {
        // Messages of many days in one batch, after a long absence, are no mistake.
        throw_on_max_partitions_per_insert_block: 0,
        async_insert: 0,
      },
      ...(signal ? { abort_signal: signal } : {}),
    });
    for await (const _ of stream);
  } catch (error) {
    throw clickhouseError(`Cannot insert into ${table.name}`, error, signal);
  }
};

const addressOf = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
  const got = url?.password ? 'one that holds a password' : JSON.stringify(text);
  throw new EbbtideError(
    'CONFIG_INVALID',
    `Key clickhouse.url must be an http or https address without user and password, got ${got}; these belong in clickhouse.username and clickhouse.passwordFile`,
    { key: 'clickhouse.url' },
  );
};

/**
 * Who we are, and what connections by TLS trust and show. A user without a password, who shows a certificate, is
 * identified by that; with a password, the certificate opens the connection and the password says who comes.
 */
const accessOf = (config: ClickHouseConfig, agents: ClientTlsAgents | undefined): ClickHouseClientConfigOptions => {
  const { username, certFile } = config;
  const password = passwordOf(config);
  if (agents === undefined) return { username, password };
  const http_agent = agents({ keepAlive: true, maxSockets: config.maxConnections });
  if (certFile === undefined || password !== '') return { username, password, http_agent };
  const http_headers = { 'X-ClickHouse-User': username, 'X-ClickHouse-SSL-Certificate-Auth': 'on' };
  return { username, http_agent, http_headers, set_basic_auth_header: false };
};

const passwordOf = (config: ClickHouseConfig): string => {
  if (config.passwordFile === undefined) return config.password ?? '';
  try {
    return readFileSync(config.passwordFile, 'utf8').trimEnd();
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Key clickhouse.passwordFile names ${config.passwordFile}, which cannot be read: ${(cause as Error).message}`,
      { key: 'clickhouse.passwordFile' },
      cause,
    );
  }
};
