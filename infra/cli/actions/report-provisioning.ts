import { openArchive } from '../../clickhouse/client.ts';
import { type ProvisioningReport, provisioningReport } from '../../clickhouse/provisioning.ts';
import { addressOf } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { table } from '../terminal.ts';
import { type InstantOrAgo, instantOf } from '../values.ts';

interface Options {
  readonly since: InstantOrAgo;
  readonly until?: InstantOrAgo;
  readonly user?: string;
}

const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);
const amount = (value: number | null, unit: string, digits = 0): string =>
  value === null ? '–' : `${value.toFixed(digits)} ${unit}`;

const row = (report: ProvisioningReport) => [
  report.user ?? 'all',
  report.requests,
  percent(report.hitRate),
  report.prepared,
  report.wasted,
  `${report.secretMinutes.toFixed(1)} (${report.wastedSecretMinutes.toFixed(1)})`,
  amount(report.handOverMs, 'ms'),
  amount(report.generateMs, 'ms'),
  amount(report.waitingSavedS, 's', 2),
];

/** Report what preparing credentials brought and cost. */
export const run: Action<Options> = async ({ terminal, load }, { since, until, user }) => {
  const { config } = await load();
  const url = addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url');
  const archive = openArchive({ ...config.clickhouse, url });
  try {
    const now = Date.now();
    const range = { fromMs: instantOf(since, now), toMs: until ? instantOf(until, now) : now };
    const reports = (await provisioningReport(archive, range)).filter((one) => user === undefined || one.user === user);
    if (terminal.json) {
      for (const report of reports) terminal.printJson(report);
      return;
    }
    const headings = [
      'user',
      'requests',
      'hit rate',
      'prepared',
      'wasted',
      'secret minutes',
      'hand-over',
      'on demand',
      'saved',
    ];
    for (const line of table(headings, reports.map(row))) terminal.print(line);
  } finally {
    await archive.close();
  }
};
