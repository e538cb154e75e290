import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isCredentialId } from '../client/lines.ts';
import type { TargetConfig } from './config.ts';
import { parseStat } from './parse.ts';

/** When a process began, clock ticks since boot; undefined where there is none (or only a zombie). */
export const startTicksOf = (procMount: string, pid: number): number | undefined => {
  try {
    const stat = parseStat(readFileSync(join(procMount, String(pid), 'stat'), 'latin1'));
    return stat && stat.state !== 'Z' && stat.state !== 'X' ? stat.startTicks : undefined;
  } catch {
    return undefined;
  }
};

/** Processes whose command line matches, the oldest first; never this one. */
export const processesMatching = (procMount: string, pattern: RegExp): number[] => {
  const found: { pid: number; startTicks: number }[] = [];
  for (const name of readdirSync(procMount)) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const command = readFileSync(join(procMount, name, 'cmdline'), 'utf8')
        .replaceAll('\0', ' ')
        .trim();
      if (command === '' || !pattern.test(command)) continue;
      const startTicks = startTicksOf(procMount, pid);
      if (startTicks !== undefined) found.push({ pid, startTicks });
    } catch {
      // Ended meanwhile.
    }
  }
  return found.sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid).map(({ pid }) => pid);
};

/** The process that a target means now, and how many more would fit. */
export const findProcess = (target: TargetConfig, procMount: string): { pid: number; others: number } | undefined => {
  if (target.command !== undefined) {
    const pids = processesMatching(procMount, new RegExp(target.command));
    return pids[0] === undefined ? undefined : { pid: pids[0], others: pids.length - 1 };
  }
  const pid = target.pid ?? pidIn(target.pidFile!);
  return pid !== undefined && startTicksOf(procMount, pid) !== undefined ? { pid, others: 0 } : undefined;
};

const pidIn = (path: string): number | undefined => {
  try {
    const pid = Number(readFileSync(path, 'latin1').trim());
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
};

/** Follows the file in which a function keeps the id of its credential. */
export class CredentialFile {
  readonly #path: string;
  #stamp = '';
  #id: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The id, or undefined where the file is missing or holds no credential id (a token is refused). */
  read(): string | undefined {
    try {
      const { mtimeMs, ino, size } = statSync(this.#path);
      const stamp = `${mtimeMs} ${ino} ${size}`;
      if (stamp === this.#stamp) return this.#id;
      const text = size <= 4096 ? readFileSync(this.#path, 'utf8').trim() : '';
      this.#stamp = stamp;
      this.#id = isCredentialId(text) ? text : undefined;
    } catch {
      this.#stamp = '';
      this.#id = undefined;
    }
    return this.#id;
  }
}
