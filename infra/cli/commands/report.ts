import { Command } from 'commander';
import { lazily } from '../invocation.ts';
import { instantOrAgo } from '../values.ts';

export const defineReport = (): Command => {
  const command = new Command('report')
    .summary('what came of it')
    .description('Reports out of the archive in ClickHouse.');
  command
    .command('provisioning')
    .description('What preparing credentials brought and cost, overall and by user.')
    .option('--since <time>', 'from when on: a time, or a duration back from now', instantOrAgo, {
      agoMs: 30 * 86_400_000,
    })
    .option('--until <time>', 'until when; else now', instantOrAgo)
    .option('--user <name>', 'one user alone')
    .addHelpText(
      'after',
      `
Columns:
  hit rate        requests that were served by what had been prepared
  wasted          secrets that were prepared, and that nobody asked for
  secret minutes  how long prepared secrets lay, all together; in brackets those that nobody asked for
  saved           waiting saved: the usual time of making one on demand, less that of each hand-over

Examples:
  ebbtide report provisioning --since 7d
  ebbtide report provisioning --json --user alice`,
    )
    .action(lazily(() => import('../actions/report-provisioning.ts')));
  return command;
};
