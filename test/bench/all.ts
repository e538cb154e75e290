/**
 * Benchmarks one after the other, one JSON object a line; or the table of results that were written so before.
 *
 *   npm run bench -- all [throughput,latency,memory,peers,chain,agent] > results.jsonl
 *   npm run bench -- all --table results.jsonl
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Figures } from './report.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { table: { type: 'string' }, json: { type: 'boolean' } },
});

interface Result {
  readonly name: string;
  readonly figures: Figures;
  readonly environment: { readonly at: string; readonly cpu: string; readonly cores: number; readonly node: string };
}

const tableOf = (lines: readonly string[]): string => {
  const rows = lines
    .map((line) => JSON.parse(line) as Result)
    .flatMap(({ name, figures, environment }) =>
      Object.entries(figures).map(
        ([figure, value]) =>
          `| ${name} | \`${figure}\` | ${value.toLocaleString('en')} | ${environment.at.slice(0, 16)} |`,
      ),
    );
  return ['| benchmark | figure | value | at (UTC) |', '|---|---|---|---|', ...rows].join('\n');
};

if (options.table) {
  const lines = readFileSync(options.table, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'));
  process.stdout.write(`${tableOf(lines)}\n`);
} else {
  const names = (positionals[0] ?? 'throughput,latency,memory,peers,chain,agent').split(',');
  for (const name of names) {
    const program = fileURLToPath(new URL(`./${name}${import.meta.url.slice(-3)}`, import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [...process.execArgv, program, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    process.stdout.write(stdout);
    if (status !== 0) process.exitCode = 1;
  }
}
