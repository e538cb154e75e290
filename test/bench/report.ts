import { cpus, release, totalmem } from 'node:os';

/** Figures of a benchmark, flat, by name. */
export type Figures = Record<string, number>;

/** Print a benchmark's result: one JSON object on standard output, or a table. */
export const report = (name: string, figures: Figures, json: boolean, more: Record<string, unknown> = {}): void => {
  const environment = {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    kernel: release(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    at: new Date().toISOString(),
    ...more,
  };
  if (json) {
    process.stdout.write(`${JSON.stringify({ name, figures, environment })}\n`);
    return;
  }
  const width = Math.max(...Object.keys(figures).map((key) => key.length));
  for (const [key, value] of Object.entries(figures))
    process.stdout.write(`${key.padEnd(width)}  ${value.toLocaleString('en')}\n`);
  process.stdout.write(`\n${environment.cores} cores, ${environment.cpu}, Node ${environment.node}\n`);
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

export const round = (value: number, digits = 3): number => Number(value.toFixed(digits));

export const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
