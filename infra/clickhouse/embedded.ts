import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EbbtideError } from '../../schemas/errors.ts';
import { packageRoot } from '../paths.ts';
import { assertPortFree, claimFolder, freePort, type GuardedServer, logTail, spawnGuarded } from '../setup/guarded.ts';

/** How an embedded ClickHouse is started. */
export interface ClickHouseOptions {
  /** Folder for its data, configuration and log; created readable by its owner alone. */
  readonly folder: string;
  /** Port of the loopback interface for HTTP. @default one that is free */
  readonly httpPort?: number;
}

/** A running ClickHouse. */
export interface ClickHouseServer {
  /** `http://127.0.0.1:<port>`, for user `default` without a password. */
  readonly url: string;
  /** Process id of the server. */
  readonly pid: number;
  /** Settles with the exit code when the server has ended, for whatever reason. */
  readonly exited: Promise<number>;
  /** Stop the server and wait for its end; a second call changes nothing. */
  stop(): Promise<void>;
}

const readyTimeoutMs = 60_000;
const pollMs = 25;

/** A small share of the machine: the archive is a guest beside the pipelines. */
const config = `<clickhouse>
  <users_config>./users.xml</users_config>
  <backups><allowed_path>../backups</allowed_path></backups>
  <max_server_memory_usage_to_ram_ratio>0.5</max_server_memory_usage_to_ram_ratio>
</clickhouse>
`;

const users = `<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </default>
  </users>
</clickhouse>
`;

const findLibrary = (): string => {
  const platform = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
  const name = `@chdb/lib-${platform}`;
  try {
    const folder = dirname(createRequire(join(packageRoot(), 'package.json')).resolve(`${name}/package.json`));
    const library = readdirSync(folder).find((file) => /^libchdb\.(so|dylib)$/.test(file));
    if (library) return join(folder, library);
    throw new Error(`${folder} holds no libchdb`);
  } catch (cause) {
    const message = `The ClickHouse engine (npm package ${name}) is not installed; run "npm run setup", or name a server in archive.url`;
    throw new EbbtideError('SERVICE_MISSING', message, { service: 'clickhouse', package: name }, cause);
  }
};

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/ping`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
};

const untilReady = async (url: string, server: GuardedServer, logFile: string): Promise<void> => {
  const deadline = performance.now() + readyTimeoutMs;
  while (server.isRunning() && performance.now() < deadline) {
    if ((await answers(url)) && server.isRunning()) return;
    await sleep(pollMs);
  }
  const what = server.isRunning() ? `did not get ready within ${readyTimeoutMs} ms` : 'ended while starting';
  await server.stop();
  const message = `ClickHouse at ${url} ${what}; its log ends with:\n${logTail(logFile)}`;
  throw new EbbtideError('CLICKHOUSE_UNAVAILABLE', message, { url, logFile });
};

/**
 * Start the real ClickHouse engine as an HTTP server in a child process on the loopback interface, and wait until it
 * answers.
 *
 * Its data lie in `folder` and survive, also `kill -9`. The child ends when this process ends, however that ends.
 *
 * @throws EbbtideError `SERVICE_MISSING` without the engine, `CLICKHOUSE_UNAVAILABLE` when the port is taken, the folder
 *   is held by another server, or it does not start
 *
 * @example
 * const clickhouse = await startClickHouse({ folder: dataFolder('clickhouse') });
 * const client = createClient({ url: clickhouse.url });
 */
export const startClickHouse = async (options: ClickHouseOptions): Promise<ClickHouseServer> => {
  const folder = resolve(options.folder);
  const library = findLibrary();
  if (options.httpPort !== undefined) await assertPortFree(options.httpPort, 'ClickHouse', 'CLICKHOUSE_UNAVAILABLE');
  const claim = await claimFolder(folder, 'ClickHouse', 'CLICKHOUSE_UNAVAILABLE');
  try {
    const port = options.httpPort ?? (await freePort());
    const url = `http://127.0.0.1:${port}`;
    const logFile = join(folder, 'clickhouse.log');
    if (existsSync(logFile)) rmSync(logFile);
    writeFileSync(join(folder, 'config.xml'), config);
    writeFileSync(join(folder, 'users.xml'), users, { mode: 0o600 });
    const engine = join(packageRoot(), 'infra', 'clickhouse', 'engine.mjs');
    const args = [engine, library, join(folder, 'data'), join(folder, 'config.xml'), String(port)];
    // Options for this process, such as a test's loader, are not for the engine
    const env = { ...process.env, NODE_OPTIONS: undefined, NODE_TEST_CONTEXT: undefined };
    const server = await spawnGuarded(process.execPath, args, { env, logFile });
    claim.heldBy(server.pid);
    void server.exited.then(() => claim.release());
    await untilReady(url, server, logFile);
    return { url, pid: server.pid, exited: server.exited, stop: () => server.stop() };
  } catch (error) {
    claim.release();
    throw error;
  }
};
