/**
 * Time of every dashboard panel's query over all of an archive that takes 100 million scores in 30 days, after some of
 * these days, with what it reads and its plan; and what that comes to after 30 days. Rows are made inside ClickHouse. See
 * test/bench/README.md, "Dashboards".
 *
 *   npm run bench -- dashboards [--json] [--scores 4000000] [--runs 3] [--plans] [--only 'subject:']
 */
import { parseArgs } from 'node:util';
import { openArchive } from '../../infra/clickhouse/client.ts';
import { clickhouseConfig, retentionConfig } from '../../infra/clickhouse/config.ts';
import { startClickHouse } from '../../infra/clickhouse/embedded.ts';
import { build } from '../../infra/grafana/board.ts';
import { archiveBoards } from '../../infra/grafana/dashboards/index.ts';
import type { ClickHouseTarget } from '../../infra/grafana/query.ts';
import { type Look, withMacros, withVariables } from '../infra/grafana/plugin.ts';
import { daysOf, fill, subjectAt } from './dashboards/fill.ts';
import { privateFolder } from './dashboards/folder.ts';
import { settle, type Timing, timer } from './dashboards/timing.ts';
import { median, report, round, say } from './report.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    scores: { type: 'string', default: '4000000' },
    runs: { type: 'string', default: '3' },
    plans: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const scores = Number(options.scores);
const runs = Number(options.runs);
const target = 100_000_000;
const day = 86_400_000;

const folder = privateFolder();
const server = await startClickHouse({ folder: folder.path });
try {
  const forEver = Object.fromEntries(Object.keys(retentionConfig.parse({})).map((table) => [table, 0]));
  const archive = openArchive(
    clickhouseConfig.parse({ url: server.url, database: 'bench', retentionDays: forEver, requestTimeoutMs: 3_600_000 }),
  );
  await archive.prepare();
  const { client } = archive;
  const toMs = Math.floor(Date.now() / day) * day;
  const fromMs = toMs - Math.ceil(daysOf(scores) * day);
  const all = { pipeline: '*', service: '*', user: '*', console: '', datasource: '' };
  const look: Look = {
    // What Grafana takes for the lines and numbers of 30 days: hours and more
    ...{ fromMs, toMs, intervalMs: 7_200_000 },
    variables: { ...all, subject: subjectAt(0, 12) },
  };
  const panels = archiveBoards
    .flatMap((board) =>
      (build(board).panels as unknown as { title: string; targets: ClickHouseTarget[] }[]).map(
        ({ title, targets }) => ({
          name: `${board.name}: ${title}`,
          sql: withMacros(withVariables(targets[0]!.rawSql, look.variables), look),
        }),
      ),
    )
    .filter(({ name }) => name.includes(options.only));

  const time = timer(client, runs);
  const measure = async (): Promise<readonly Timing[]> => {
    const timings: Timing[] = [];
    for (const { sql } of panels) timings.push(await time(sql));
    return timings;
  };

  const began = performance.now();
  await fill(client, 0, scores / 2, fromMs);
  await settle(client);
  say(`${scores / 2} scores after ${Math.round((performance.now() - began) / 1000)} s`);
  const half = await measure();
  await fill(client, scores / 2, scores, fromMs);
  await settle(client);
  say(`${scores} scores after ${Math.round((performance.now() - began) / 1000)} s`);
  const whole = await measure();

  /** CPU at 30 days, by the line through both sizes where it rises: each day adds as many rows to each rollup. */
  const atTarget = (i: number): number => {
    const [a, b] = [half[i]!.cpuMs, whole[i]!.cpuMs];
    return Math.max(b, a) + Math.max(0, (b - a) / (scores / 2)) * (target - scores);
  };
  const width = Math.max(...panels.map(({ name }) => name.length));
  say(`\n${'panel'.padEnd(width)}  ms/2     ms  cpu/2    cpu  rows read  cpu at 100 M`);
  for (const [i, { name }] of panels.entries()) {
    const cells = [half[i]!.ms, whole[i]!.ms, half[i]!.cpuMs, whole[i]!.cpuMs].map((ms) => ms.toFixed(0).padStart(5));
    say(
      `${name.padEnd(width)} ${cells.join('  ')} ${String(whole[i]!.readRows).padStart(10)}  ${atTarget(i).toFixed(0)}`,
    );
  }
  if (options.plans)
    for (const { name, sql } of panels) {
      const plan = await (
        await client.query({ query: `EXPLAIN indexes = 1 ${sql}`, format: 'TabSeparatedRaw' })
      ).text();
      const lines = plan.split('\n').filter((line) => /ReadFrom|Keys:|Condition:|Parts:|Granules:/.test(line));
      say(`\n${name}\n${lines.join('\n')}`);
    }
  const sizes = await (
    await client.query({
      query: `SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
WHERE database = 'bench' AND active GROUP BY table ORDER BY bytes DESC`,
      format: 'JSONEachRow',
    })
  ).json<{ table: string; rows: string; bytes: string }>();
  for (const { table, rows, bytes } of sizes)
    say(`${table.padEnd(32)} ${String(rows).padStart(10)} rows ${(Number(bytes) / 1e6).toFixed(1).padStart(8)} MB`);
  report(
    'dashboards',
    {
      scores,
      panels: panels.length,
      slowestMs: round(Math.max(...whole.map(({ ms }) => ms)), 0),
      medianMs: round(median(whole.map(({ ms }) => ms)), 1),
      slowestCpuMs: round(Math.max(...whole.map((one) => one.cpuMs)), 0),
      slowestAt100MillionCpuMs: round(Math.max(...panels.map((_, i) => atTarget(i))), 0),
    },
    options.json,
  );
  await archive.close();
} finally {
  await server.stop();
  folder.remove();
}
