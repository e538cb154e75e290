import type { TraceStep } from '../clickhouse/decisionTrace.ts';
import { duration } from './terminal.ts';

const width = 40;

/**
 * Steps as lines with a bar each, over the time from the first begin to the last end. What took no time is a mark.
 *
 * @returns a line each
 */
export const waterfall = (steps: readonly TraceStep[]): string[] => {
  const from = Math.min(...steps.map(({ startMs }) => startMs));
  const whole = Math.max(1, Math.max(...steps.map(({ endMs }) => endMs)) - from);
  const column = (read: (step: TraceStep) => string) => Math.max(...steps.map((step) => read(step).length));
  const [names, parties] = [column(({ name }) => name), column(({ by }) => by)];
  const place = (at: number) => Math.round(((at - from) / whole) * width);
  return steps.map(({ name, by, startMs, endMs, detail }) => {
    // A clock of another machine may be behind
    const took = Math.max(0, endMs - startMs);
    const begin = Math.min(place(startMs), width - 1);
    const bar = took === 0 ? '│' : '█'.repeat(Math.max(1, place(endMs) - begin));
    const at = `+${duration(startMs - from)}`.padStart(12);
    return `${name.padEnd(names)}  ${by.padEnd(parties)} ${at} ${duration(took).padStart(10)}  ${(' '.repeat(begin) + bar).padEnd(width)}  ${detail}`.trimEnd();
  });
};
