import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../paths.ts';

/** Where the servers of a running `ebbtide up` listen, so that other commands beside it find them. */
export interface RunningServers {
  readonly pid: number;
  readonly kafka: string;
  readonly schemaRegistry: string;
  readonly vault: string;
  readonly clickhouse: string;
  /** Name of the Kafka cluster that the archive keeps rows under: mock brokers have another at each start. */
  readonly cluster: string;
  readonly token?: string;
  readonly delivery?: string;
  readonly keyhost?: string;
  readonly gateway?: string;
  readonly console?: string;
}

const file = (): string => join(dataFolder(), 'running.json');

/** Note where the servers of this process are, readable by its owner alone. */
export const noteRunning = (servers: RunningServers): void => {
  mkdirSync(dataFolder(), { recursive: true, mode: 0o700 });
  writeFileSync(`${file()}.new`, JSON.stringify(servers, null, 2), { mode: 0o600 });
  renameSync(`${file()}.new`, file());
};

/** Remove this process's note. */
export const forgetRunning = (): void => {
  if (findRunning()?.pid === process.pid) rmSync(file(), { force: true });
};

/** The servers of a running `ebbtide up` with this data folder; undefined when none runs. */
export const findRunning = (): RunningServers | undefined => {
  try {
    const servers = JSON.parse(readFileSync(file(), 'utf8')) as RunningServers;
    process.kill(servers.pid, 0);
    return servers;
  } catch {
    return undefined;
  }
};
