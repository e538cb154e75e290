import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EbbtideError, type ErrorCode } from '../../schemas/errors.ts';
import { packageRoot } from '../paths.ts';
import { loadSetup } from './load.ts';

const loopback = '127.0.0.1';
const pollMs = 50;

/** A server in a child process that ends when this process ends, even by `kill -9`. */
export interface GuardedServer {
  /** Process id of the server itself. */
  readonly pid: number;
  /** Settles with the exit code once the server has ended, for whatever reason. */
  readonly exited: Promise<number>;
  /** Whether the server still runs. */
  isRunning(): boolean;
  /** Ask the server to stop, kill it after the grace, and wait for its end. */
  stop(): Promise<void>;
}

/** What a guarded server is started with. */
export interface GuardedOptions {
  /** The whole environment of the server. */
  readonly env: NodeJS.ProcessEnv;
  /** Receives standard error, and standard output unless `quiet`. */
  readonly logFile: string;
  /** Drop standard output, where it could hold a secret. @default false */
  readonly quiet?: boolean;
  /** Seconds between asking the server to stop and killing it. @default 10 */
  readonly graceS?: number;
}

/**
 * Start a server under `guard.sh`, which ends it when this process is gone.
 *
 * Like a server of this process, the child keeps it alive until it is stopped. Signals of the terminal do not reach it.
 *
 * @param command - the program
 * @param args - its arguments; never a secret, since every user can read them
 * @returns the server, running but not necessarily ready
 */
export const spawnGuarded = async (
  command: string,
  args: readonly string[],
  { env, logFile, quiet = false, graceS = 10 }: GuardedOptions,
): Promise<GuardedServer> => {
  const log = openSync(logFile, 'a', 0o600);
  const guard = join(packageRoot(), 'infra', 'setup', 'guard.sh');
  const child = spawn('sh', [guard, String(graceS), command, ...args], {
    env,
    detached: true,
    stdio: ['pipe', quiet ? 'ignore' : log, log, 'pipe'],
  });
  closeSync(log);
  let running = true;
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code) => {
      running = false;
      resolve(code ?? 1);
    });
  });
  child.stdin?.on('error', () => {});
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.stdio[3]?.once('data', (data: Buffer) => resolve(Number.parseInt(data.toString(), 10)));
    child.once('exit', (code) => reject(new Error(`The guard of ${command} ended with code ${code}`)));
  });
  return {
    pid,
    exited,
    isRunning: () => running,
    stop: async () => {
      child.stdin?.destroy();
      await exited;
    },
  };
};

/** A port of the loopback interface that nobody listens on, outside the range that systems give away by themselves. */
export const freePort = async (): Promise<number> =>
  (await loadSetup<{ freePort(): Promise<number> }>('ports.mjs')).freePort();

/**
 * Refuse a port that somebody listens on, before a server fails on it less clearly.
 *
 * @throws EbbtideError with `code` when it is taken
 */
export const assertPortFree = (port: number, server: string, code: ErrorCode): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause) => {
      const message = `${server} cannot listen on ${loopback}:${port}, the port is taken; choose another or end the process that holds it`;
      reject(new EbbtideError(code, message, { port }, cause));
    });
    probe.listen(port, loopback, () => probe.close(() => resolve()));
  });

/** Process id and, where the system tells it, time of start: an id alone may belong to somebody else after a restart. */
const processMark = (pid: number): string => {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return `${pid}`;
  const afterName = readFileSync(stat, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return `${pid} ${afterName[19]}`;
};

const isAlive = (mark: string): boolean => {
  const pid = Number.parseInt(mark, 10);
  if (Number.isNaN(pid)) return false;
  try {
    process.kill(pid, 0);
    return processMark(pid) === mark;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The data folder of a server, held by one process at a time. */
export interface FolderClaim {
  /** Note the server's process, so that the claim lasts as long as it and no longer. */
  heldBy(pid: number): void;
  release(): void;
}

/**
 * Create a data folder readable by its owner alone and claim it for one server.
 *
 * A server whose parent was killed needs a moment to stop: that moment is waited for.
 *
 * @param folder - the data folder
 * @param waitMs - how long to wait for another holder
 * @throws EbbtideError with `code` when another live server holds it
 */
export const claimFolder = async (
  folder: string,
  server: string,
  code: ErrorCode,
  waitMs = 6_000,
): Promise<FolderClaim> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'server.pid');
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      writeFileSync(file, processMark(process.pid), { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (!isAlive(holder)) {
      rmSync(file, { force: true });
      continue;
    }
    if (performance.now() > deadline) {
      const message = `${server} cannot use ${folder}, process ${Number.parseInt(holder, 10)} holds it; end that process or choose another folder`;
      throw new EbbtideError(code, message, { folder, holder: Number.parseInt(holder, 10) });
    }
    await sleep(pollMs);
  }
  return {
    heldBy: (pid) => writeFileSync(file, processMark(pid), { mode: 0o600 }),
    release: () => rmSync(file, { force: true }),
  };
};

/** The last lines of a server's log, for an error message. */
export const logTail = (logFile: string, lines = 8): string => {
  if (!existsSync(logFile)) return '';
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
};
