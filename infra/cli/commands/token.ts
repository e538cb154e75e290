import { Command, Option } from 'commander';
import { roles } from '../../console/people/roles.ts';
import { lazily } from '../invocation.ts';
import { durationMs } from '../values.ts';

export const defineToken = (): Command => {
  const command = new Command('token')
    .summary("make, list and revoke tokens for the console's API")
    .description("Tokens by which machines use the console's API, as Authorization: Bearer.");
  command
    .command('create')
    .description('Make a token and print it, this once: only its hash is kept.')
    .argument('<name>', 'what it is for')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).default('viewer'))
    .addOption(
      new Option('--for <duration>', 'how long it works, up to 366d')
        .argParser(durationMs)
        .default(7_776_000_000, '90d'),
    )
    .addHelpText(
      'after',
      `
Example:
  ebbtide token create dashboard --role viewer --for 30d`,
    )
    .action(lazily(() => import('../actions/token-create.ts')));
  command
    .command('list')
    .description('List tokens, without their secrets.')
    .action(lazily(() => import('../actions/token-list.ts')));
  command
    .command('revoke')
    .description('End a token now.')
    .argument('<tokenId>', 'which')
    .action(lazily(() => import('../actions/token-revoke.ts')));
  return command;
};
