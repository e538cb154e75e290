import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Stage } from './stage.ts';

const program = fileURLToPath(new URL(`./child${import.meta.url.slice(-3)}`, import.meta.url));

/** What a process has told. */
export interface Told {
  ready?: boolean;
  /** When the load began, epoch milliseconds. */
  began?: number;
  sent?: number;
  /** Samples that the generator had no time for. */
  unsent?: number;
  cpuSeconds?: number;
  error?: string;
}

/** A process of the benchmark. */
export interface Part {
  readonly pid: number;
  readonly told: Told;
  end(): Promise<void>;
}

/** Start one process of the benchmark and wait until it says that it is ready. */
export const startPart = async (role: string, stage: Stage, vault?: object, profile = false): Promise<Part> => {
  const child = fork(program, [role, JSON.stringify(stage), JSON.stringify(vault ?? {})], {
    env: { ...process.env, EBBTIDE_LOG: 'error' },
    execArgv: [
      ...process.execArgv,
      ...(profile
        ? ['--cpu-prof', '--cpu-prof-dir=.ebbtide/profiles', `--cpu-prof-name=latency-${role}.cpuprofile`]
        : []),
    ],
  });
  const told: Told = {};
  child.on('message', (message: Told) => Object.assign(told, message));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (!told.ready) {
    if (child.exitCode !== null) throw new Error(`Process ${role} ended with ${child.exitCode}`);
    await sleep(20);
  }
  return {
    pid: child.pid!,
    told,
    async end() {
      if (child.connected) child.disconnect();
      await Promise.race([ended, sleep(5000)]);
      child.kill('SIGKILL');
    },
  };
};
