import { Command, Option } from 'commander';
import { lazily } from '../invocation.ts';

const connecting = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--server <url>',
        'delivery service; else that of a running "ebbtide up", else the configured one',
      ).env('EBBTIDE_DELIVERY'),
    )
    .option('--token-file <file>', 'your Vault token; else VAULT_TOKEN or BAO_TOKEN, else ~/.vault-token')
    .option('--identity <file>', 'your age identity; else ebbtide/identity.txt in your configuration folder');

export const defineCredential = (): Command => {
  const command = new Command('credential')
    .summary('get a credential for a machine')
    .description('For users of machines: enrol a key, and get credentials that only this key opens.');
  connecting(
    command
      .command('enrol')
      .description('Make an age identity where there is none, and enrol its public key for your user.')
      .option('--ssh-key <file>', 'your own SSH public key: certificates are made for it, and no key pair'),
  ).action(lazily(() => import('../actions/credential-enrol.ts')));
  connecting(
    command
      .command('get')
      .description('Get a credential for a machine, open it with your identity, and write it to files of mode 0600.')
      .argument('<vm>', 'the machine')
      .option('--out <folder>', 'where the files go; else .ssh/ebbtide in your home'),
  )
    .addHelpText(
      'after',
      `
Examples:
  bao login -method=userpass username=alice
  ebbtide credential enrol --server https://delivery.example
  ebbtide credential get web-1 --server https://delivery.example`,
    )
    .action(lazily(() => import('../actions/credential-get.ts')));
  return command;
};
