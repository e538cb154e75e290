import { Command } from 'commander';
import { lazily } from '../invocation.ts';
import { durationMs, instantOrAgo } from '../values.ts';

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
  command
    .command('access')
    .description(
      'The access profile of a user: when, how often, by what and where they come; what predictions rest on.',
    )
    .argument('<user>', 'name of the user, as telemetry has it')
    .option('--since <time>', 'from when on: a time, or a duration back from now', instantOrAgo, {
      agoMs: 30 * 86_400_000,
    })
    .option('--until <time>', 'until when; else now', instantOrAgo)
    .addHelpText(
      'after',
      `
Hours and days are those of policy.preprovision.timeZone, times are UTC. The week has a digit for each hour: in how many weeks it
had an access, in tenths of the hour that had most; a dot for none.

Examples:
  ebbtide report access alice
  ebbtide report access alice --since 90d --json`,
    )
    .action(lazily(() => import('../actions/report-access.ts')));
  command
    .command('forecast')
    .description(
      'What is foreseen of a user at each of their machines, by the model in force: chances, and the time of the next access.',
    )
    .argument('<user>', 'name of the user, as telemetry has it')
    .option('--from <duration>', 'when the window begins, from the beginning of this hour on', durationMs, 0)
    .option('--to <duration>', 'when it ends', durationMs, 4 * 3_600_000)
    .option('--since <time>', 'what is learned from: a time, or a duration back from now', instantOrAgo, {
      agoMs: 30 * 86_400_000,
    })
    .option('--at <time>', 'as of another time, of which what follows is not known; else now', instantOrAgo)
    .addHelpText(
      'after',
      `
Columns:
  by     the model, or the habits of everybody where the pair has little history or the model was worse lately
  helps  whether forecasts of the pair were better lately than its mean rate; where not, nothing is prepared

Examples:
  ebbtide report forecast alice
  ebbtide report forecast alice --from 12h --to 20h --json`,
    )
    .action(lazily(() => import('../actions/report-forecast.ts')));
  return command;
};
