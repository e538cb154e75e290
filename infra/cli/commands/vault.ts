import { Command, Option } from 'commander';
import { lazily } from '../invocation.ts';

export const defineVault = (): Command => {
  const command = new Command('vault').summary('prepare your own Vault').description('Your own Vault or OpenBao.');
  command
    .command('bootstrap')
    .description(
      'Set up mounts, token roles, least-privilege policies and a login for each service on your own Vault. Says first what it will do; done again it changes nothing. Policies of functions and leases that are there stay as you edited them.',
    )
    .addOption(new Option('--address <url>', 'URL of Vault; else vault.address of the configuration').env('VAULT_ADDR'))
    .option('--token-file <file>', 'file with a token that may do this; else VAULT_TOKEN. It is kept nowhere')
    .addOption(
      new Option('--login <method>', 'how services are to log in')
        .choices(['approle', 'kubernetes'])
        .default('approle'),
    )
    .option(
      '--folder <folder>',
      "approle: folder for each service's role id and secret id; else vault beside the configuration",
    )
    .option('--namespace <name>', 'kubernetes: namespace of the service accounts', 'ebbtide')
    .option('--kubernetes-host <url>', 'kubernetes: address of the API server as Vault reaches it')
    .option('--kubernetes-ca-file <file>', 'kubernetes: PEM file of the authority that signed its certificate')
    .option('--kubernetes-audience <name>', "kubernetes: audience that services' tokens must be for; else any")
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--yes', 'do it without asking')
    .addHelpText(
      'after',
      `
Examples:
  ebbtide vault bootstrap --address https://vault.example:8200 --dry-run
  VAULT_TOKEN=… ebbtide vault bootstrap --config ebbtide.yaml --folder /etc/ebbtide/vault
  ebbtide vault bootstrap --login kubernetes --namespace ebbtide --token-file root-token --yes`,
    )
    .action(lazily(() => import('../actions/vault-bootstrap.ts')));
  return command;
};
