import { Command, Option } from 'commander';
import { lazily } from '../invocation.ts';
import { durationMs } from '../values.ts';

export const defineCredentials = (): Command => {
  const command = new Command('credentials')
    .summary('list, show, adopt and end credentials')
    .description('The register of credentials.');
  command
    .command('list')
    .description('List registered credentials with what was last decided and what Vault answered.')
    .option('--all', 'include those that have ended')
    .action(lazily(() => import('../actions/credentials-list.ts')));
  command
    .command('show')
    .description('Show one credential with its last scores, decisions and effects.')
    .argument('<credentialId>', 'which')
    .action(lazily(() => import('../actions/credentials-show.ts')));
  command
    .command('adopt')
    .description('Register a credential that exists already, by what Vault calls it. Never takes the secret itself.')
    .addOption(new Option('--accessor <accessor>', "a token's accessor").conflicts(['lease', 'serial']))
    .addOption(new Option('--lease <leaseId>', 'a lease').conflicts(['accessor', 'serial']))
    .addOption(new Option('--serial <serial>', "a PKI certificate's serial number").conflicts(['accessor', 'lease']))
    .option('--mount <path>', 'mount that issued the certificate', 'pki')
    .option('--id <credentialId>', 'its id in the register; made from the accessor when absent')
    .requiredOption('--function <name>', 'function that holds it')
    .requiredOption('--instance <name>', 'instance that holds it')
    .option('--max-ttl <duration>', 'longest life that a decision may give it, such as 8h', durationMs)
    .addHelpText(
      'after',
      `
Example:
  ebbtide credentials adopt --accessor 8609694a-cdbc-db9b-d345-e782dbb562ed --function billing --instance billing-1`,
    )
    .action(lazily(() => import('../actions/credentials-adopt.ts')));
  command
    .command('revoke-entity')
    .description('Act on all credentials of one Vault entity at once.')
    .argument('<entityId>', 'the entity')
    .addOption(
      new Option('--action <action>', 'what to do')
        .choices(['revoke', 'disable', 'enable', 'deny', 'allow'])
        .default('revoke'),
    )
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Actions:
  revoke   end each of its registered credentials
  disable  refuse its next request and login; enable allows them again, with the same tokens
  deny     attach a policy that refuses what functions may do; allow takes it away

Example:
  ebbtide credentials revoke-entity 7d2e3179-f69b-450c-7179-ac8ee8bd8ca9 --action disable`,
    )
    .action(lazily(() => import('../actions/credentials-revoke-entity.ts')));
  return command;
};
