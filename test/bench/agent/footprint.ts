import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { numberAfter, parseStat } from '../../../infra/agents/host/parse.ts';

const text = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'latin1');

/** CPU time of a process up to now, seconds, to a hundredth. */
export const cpuSeconds = (pid: number): number => parseStat(text(pid, 'stat'))!.cpuTicks / 100;

/** CPU time of the whole machine since it started, idle and waiting left out, seconds. */
export const machineCpuSeconds = (): number => {
  const [, ...ticks] = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0]!.split(/ +/);
  return [0, 1, 2, 5, 6].reduce((sum, index) => sum + Number(ticks[index]), 0) / 100;
};

/**
 * Weigh the session of a process, such as a broker's, as ours: Linux shares the processor out among sessions first, so that
 * a benchmark which was given priority would else measure a broker that has none.
 */
export const weighAsOurs = (pid: number): void => {
  try {
    const [, ours] = /nice (-?\d+)/.exec(readFileSync('/proc/self/autogroup', 'utf8')) ?? [];
    if (ours !== undefined) writeFileSync(`/proc/${pid}/autogroup`, ours);
  } catch {
    // Not on Linux, not grouped by session, or not allowed to
  }
};

/** Wait, `mostSeconds` at most, until the machine has been two thirds idle for three seconds. */
export const untilCalm = async (mostSeconds: number): Promise<void> => {
  for (let waited = 0; waited < mostSeconds; waited += 3) {
    const before = machineCpuSeconds();
    await sleep(3000);
    if ((machineCpuSeconds() - before) / 3 < availableParallelism() / 3) return;
  }
};

/** Memory of a process now, bytes. RSS counts shared pages (libraries) fully, PSS in proportion to their sharers. */
export const memoryOf = (
  pid: number,
): { rssBytes: number; rssPeakBytes: number; pssBytes: number; anonymousBytes: number } => {
  const status = text(pid, 'status');
  const rollup = text(pid, 'smaps_rollup');
  return {
    rssBytes: numberAfter(status, 'VmRSS:') * 1024,
    rssPeakBytes: numberAfter(status, 'VmHWM:') * 1024,
    pssBytes: numberAfter(rollup, 'Pss:') * 1024,
    anonymousBytes: numberAfter(rollup, 'Anonymous:') * 1024,
  };
};
