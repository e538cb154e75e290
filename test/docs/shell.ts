import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSetup } from '../../infra/setup/load.ts';

const extension = extname(import.meta.url);
const main = fileURLToPath(new URL(`../../infra/cli/main${extension}`, import.meta.url));
const loading = extension === '.ts' ? `--import ${fileURLToPath(import.meta.resolve('tsx'))} ` : '';

/** What a script came to. */
export interface Outcome {
  readonly status: number | null;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

/** A server that a statement started. */
export interface Served {
  /** What it has said so far. */
  said(): string;
  /** Ask it to stop, and wait for its end. */
  stop(): Promise<number | null>;
}

/** Where statements are run. */
export interface Shell {
  readonly folder: string;
  /** Run a script of bash to its end. */
  run(script: string): Promise<Outcome>;
  /** Start a server by one command, and wait until it says what matches. */
  serve(statement: string, ready: RegExp): Promise<Served>;
  /** Stop what still runs, and wait for its end. */
  close(): Promise<void>;
}

/** `ebbtide` and `npx ebbtide` are this very command line, and `bao` the embedded one. */
const makeCommands = async (bin: string): Promise<void> => {
  mkdirSync(bin, { recursive: true });
  const write = (name: string, text: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  write('ebbtide', `exec ${process.execPath} ${loading}${main} "$@"`);
  write('npx', '[ "$1" = ebbtide ] || exit 64\nshift\nexec ebbtide "$@"');
  const { findOpenBao } = await loadSetup<{ findOpenBao(): { path: string } | undefined }>('openbao.mjs');
  const bao = findOpenBao()?.path;
  if (bao !== undefined) symlinkSync(bao, join(bin, 'bao'));
};

/**
 * A shell as a reader has one.
 *
 * @param folder - the current folder, and the reader's home; in `bin` of it lie commands
 * @param environment - what is set there, `EBBTIDE_DATA` for one
 */
export const openShell = async (folder: string, environment: NodeJS.ProcessEnv): Promise<Shell> => {
  const bin = join(folder, 'bin');
  await makeCommands(bin);
  const running = new Map<ChildProcess, Promise<unknown>>();
  const start = (script: string, onText: (text: string) => void) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PATH: `${bin}:${process.env.PATH}`,
        HOME: folder,
        EBBTIDE_LOG: 'warn',
        NO_COLOR: '1',
        ...environment,
      },
    });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onText);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    running.set(child, ended);
    child.once('close', () => running.delete(child));
    return { child, ended };
  };
  return {
    folder,
    close: async () => {
      for (const child of running.keys()) child.kill('SIGTERM');
      await Promise.allSettled(running.values());
    },
    run: async (script) => {
      let output = '';
      const { ended } = start(script, (text) => (output += text));
      const status = await ended;
      return { status, output };
    },
    serve: async (statement, ready) => {
      let said = '';
      let tell = () => {};
      // bash becomes its only command, so that a signal reaches that
      const { child, ended } = start(statement, (text) => {
        said += text;
        tell();
      });
      await new Promise<void>((resolve, reject) => {
        tell = () => ready.test(said) && resolve();
        ended.then((status) => reject(new Error(`"${statement}" ended with ${status}: ${said}`)), reject);
      });
      return {
        said: () => said,
        stop: () => {
          child.kill('SIGTERM');
          return ended;
        },
      };
    },
  };
};
