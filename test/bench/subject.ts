/**
 * Time of the query of each panel of a subject's dashboard over a month of one credential's life, in an archive that has all
 * that these panels read of 30 days with 100 million scores: nothing is continued from fewer rows. See test/bench/README.md,
 * "A subject's dashboard".
 *
 *   npm run bench -- subject [--json] [--runs 5] [--days 30] [--points 360] [--plans]
 */
import { parseArgs } from 'node:util';
import { openArchive } from '../../infra/clickhouse/client.ts';
import { clickhouseConfig, retentionConfig } from '../../infra/clickhouse/config.ts';
import { startClickHouse } from '../../infra/clickhouse/embedded.ts';
import { build } from '../../infra/grafana/board.ts';
import { subject } from '../../infra/grafana/dashboards/subject.ts';
import type { ClickHouseTarget } from '../../infra/grafana/query.ts';
import { withMacros, withVariables } from '../infra/grafana/plugin.ts';
import { privateFolder } from './dashboards/folder.ts';
import { fillMonth, lasting } from './dashboards/month.ts';
import { settle, timer } from './dashboards/timing.ts';
import { report, round, say } from './report.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    days: { type: 'string', default: '30,11,1' },
    points: { type: 'string', default: '700' },
    plans: { type: 'boolean', default: false },
  },
});

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
  const began = performance.now();
  await fillMonth(client, toMs);
  await settle(client);
  say(`A month after ${Math.round((performance.now() - began) / 1000)} s`);
  const time = timer(client, Number(options.runs));
  const panels = build(subject).panels as unknown as { title: string; targets: ClickHouseTarget[] }[];
  const figures: Record<string, number> = { panels: panels.length };
  for (const days of options.days.split(',').map(Number)) {
    const look = {
      ...{
        fromMs: toMs - days * day,
        toMs,
        intervalMs: Math.ceil((days * day) / Number(options.points) / 1000) * 1000,
      },
      variables: { subject: lasting, datasource: '', console: '' },
    };
    say(`\n${days} days, a point each ${look.intervalMs / 1000} s\n${'panel'.padEnd(34)}     ms    cpu  rows read`);
    const timings = [];
    for (const { title, targets } of panels) {
      const sql = withMacros(withVariables(targets[0]!.rawSql, look.variables), look);
      const timing = await time(sql);
      timings.push(timing);
      const cells = [timing.ms, timing.cpuMs].map((ms) => ms.toFixed(0).padStart(5)).join('  ');
      say(`${title.padEnd(34)}  ${cells}  ${String(timing.readRows).padStart(9)}`);
      if (!options.plans) continue;
      const answer = await client.query({ query: `EXPLAIN indexes = 1 ${sql}`, format: 'TabSeparatedRaw' });
      const lines = (await answer.text()).split('\n');
      say(lines.filter((line) => /ReadFrom|Keys:|Condition:|Parts:|Granules:/.test(line)).join('\n'));
    }
    figures[`slowestMsOf${days}Days`] = round(Math.max(...timings.map(({ ms }) => ms)), 0);
    figures[`slowestCpuMsOf${days}Days`] = round(Math.max(...timings.map(({ cpuMs }) => cpuMs)), 0);
  }
  report('subject', figures, options.json);
  await archive.close();
} finally {
  await server.stop();
  folder.remove();
}
