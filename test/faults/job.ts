import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Health } from '../../infra/context.ts';
import type { JobArguments } from './lifecycle-process.ts';

/** An instance of the lifecycle job in a process of its own. */
export interface JobProcess {
  /** What it logged so far, parsed. */
  readonly log: readonly { readonly msg?: string; readonly level?: number; readonly [key: string]: unknown }[];
  /** Resolves once it logged a message so many times, or has ended. */
  logged(message: string, times?: number, timeoutMs?: number): Promise<boolean>;
  health(): Promise<Health>;
  /** Let it begin; before, it has loaded its code and waits, so that it is there at once. */
  go(): JobProcess;
  /** SIGSTOP or SIGCONT. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** `kill -9`, and wait until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

/** Load an instance, which begins at {@link JobProcess.go} and ends with the test. */
export const loadJob = (t: TestContext, begin: JobArguments): JobProcess => {
  const script = fileURLToPath(new URL(`lifecycle-process${extname(import.meta.url)}`, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, script, JSON.stringify(begin)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, EBBTIDE_LOG: 'info' },
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  let ended = false;
  exited.then(() => {
    ended = true;
  });
  child.stdin!.on('error', () => {});
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const log: JobProcess['log'][number][] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => {
    try {
      log.push(JSON.parse(line));
    } catch {
      log.push({ msg: line, level: 60 });
    }
    if (process.env.EBBTIDE_TEST_VERBOSE) process.stderr.write(`${line}\n`);
  });
  const answers = createInterface({ input: child.stdout! });
  const job: JobProcess = {
    log,
    go() {
      child.stdin!.write('go\n');
      return job;
    },
    async logged(message, times = 1, timeoutMs = 60_000) {
      const deadline = performance.now() + timeoutMs;
      while (performance.now() < deadline) {
        if (log.filter(({ msg }) => msg === message).length >= times) return true;
        if (ended) return false;
        await sleep(10);
      }
      throw new Error(`Not logged within ${timeoutMs} ms: ${message}; the log was:\n${JSON.stringify(log, null, 1)}`);
    },
    async health() {
      const answer = once(answers, 'line');
      child.stdin!.write('health\n');
      return JSON.parse(((await answer) as [string])[0]) as Health;
    },
    signal: (signal) => child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
  return job;
};
