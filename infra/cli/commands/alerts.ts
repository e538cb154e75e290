import { Argument, Command, Option } from 'commander';
import { lazily } from '../invocation.ts';
import { durationMs, wholeNumber } from '../values.ts';

export const defineAlerts = (): Command => {
  const command = new Command('alerts')
    .summary('see who was told of alerts, acknowledge, silence and test')
    .description('Alerts on their way to people: routes are in section "notify" of the configuration.');
  command
    .command('list')
    .description('Show silences in force, and the newest alerts with what became of them on each route.')
    .addOption(new Option('--limit <count>', 'how many alerts').argParser(wholeNumber(1, 2_000)).default(20))
    .action(lazily(() => import('../actions/alerts/list.ts')));
  command
    .command('acknowledge')
    .description('Say that you see to an alert: it is escalated no further.')
    .argument('<alertId>', 'which')
    .option('--reason <text>', 'what you do about it', '')
    .action(lazily(() => import('../actions/alerts/acknowledge.ts')));
  command
    .command('silence')
    .description('Tell nobody of some alerts for a while. They stay on record.')
    .argument('<subject>', 'whose alerts; "*" stands for any characters')
    .option('--kinds <pattern>', 'only alerts of such a kind', '*')
    .addOption(
      new Option('--for <duration>', 'how long, such as 30m, 8h or 2d').argParser(durationMs).default(3_600_000, '1h'),
    )
    .requiredOption('--reason <text>', 'why, for the record')
    .addHelpText(
      'after',
      `
Example:
  ebbtide alerts silence 'batch-*' --for 2h --reason 'load test'`,
    )
    .action(lazily(() => import('../actions/alerts/silence.ts')));
  command
    .command('unsilence')
    .description('End a silence now.')
    .argument('<subject>', 'its subject, as it was given')
    .option('--reason <text>', 'why, for the record', '')
    .action(lazily(() => import('../actions/alerts/unsilence.ts')));
  command
    .command('test')
    .description('Raise a test alert, and show what becomes of it on each route.')
    .addArgument(new Argument('[severity]', 'how urgent').choices(['info', 'warning', 'critical']).default('critical'))
    .option('--subject <name>', 'what it is about, as routes see it', 'ebbtide')
    .addOption(
      new Option('--wait <duration>', 'how long to wait for the routes').argParser(durationMs).default(10_000, '10s'),
    )
    .action(lazily(() => import('../actions/alerts/test.ts')));
  return command;
};
