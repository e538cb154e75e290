import { Command, Option } from 'commander';
import { lazily } from '../invocation.ts';
import { durationMs } from '../values.ts';

const prune = (command: Command): Command => command.option('--prune', 'remove rows that the file lacks');

export const defineScope = (): Command => {
  const command = new Command('scope')
    .summary('what callers of APIs may do')
    .description('The credential translation table and the overrides that the gateway decides by.');
  const table = command
    .command('table')
    .description('The credential translation table: who is entitled to what at which service.');
  prune(
    table
      .command('import')
      .description('Bring the table to what a YAML file says. What would allow more than now is refused.')
      .argument('<file>', 'the table')
      .option('--allow-widening', 'let rows allow more than now')
      .option('--reason <text>', 'why, for the record', ''),
  ).action(lazily(() => import('../actions/scope/table-import.ts')));
  table
    .command('export')
    .description('Write the table that is in force as YAML.')
    .argument('[file]', 'where to; standard output when absent')
    .action(lazily(() => import('../actions/scope/table-export.ts')));
  prune(
    table
      .command('diff')
      .description('Show what importing a file would change. Exit status 1 where something would allow more than now.')
      .argument('<file>', 'the table'),
  ).action(lazily(() => import('../actions/scope/table-diff.ts')));
  const override = command.command('override').description('Dynamic Scope Overrides.');
  override
    .command('set')
    .description('Narrow a credential for a while. What the scope pipeline decides next takes its place.')
    .argument('<credential>', 'identifier of the frontend credential')
    .requiredOption('--scope <name>', 'scope that it is narrowed to')
    .option('--service <name>', 'the service that stays open, for scope single-service')
    .addOption(
      new Option('--for <duration>', 'how long, such as 30m, 8h or 2d').argParser(durationMs).default(3_600_000, '1h'),
    )
    .option('--shadow', 'only report what it would refuse')
    .option('--allow-widening', 'replace an override in force that allows less or ends later')
    .option('--reason <text>', 'why, for the record', '')
    .action(lazily(() => import('../actions/scope/override-set.ts')));
  override
    .command('lift')
    .description("Take a credential's overrides away, whoever set them.")
    .argument('<credential>', 'identifier of the frontend credential')
    .action(lazily(() => import('../actions/scope/override-lift.ts')));
  override
    .command('list')
    .description('Show the overrides in force.')
    .action(lazily(() => import('../actions/scope/override-list.ts')));
  command
    .command('identify')
    .description('Tell the identifier of an API key or token that is read from standard input, for the table.')
    .action(lazily(() => import('../actions/scope/identify.ts')));
  command
    .command('vault-policy')
    .description("Tell the name of the policy that narrows a credential's tokens at Vault (actuate.scopes).")
    .argument('<credential>', 'identifier of the frontend credential')
    .action(lazily(() => import('../actions/scope/vault-policy.ts')));
  return command;
};
