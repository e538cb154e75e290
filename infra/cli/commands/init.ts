import { Argument, Command, Option } from 'commander';
import { lazily } from '../invocation.ts';
import { wholeNumber } from '../values.ts';

export const defineInit = (): Command =>
  new Command('init')
    .summary('write a configuration')
    .description(
      'Write a configuration by asking a few questions. What an option says is not asked; with --yes, or where nobody can be asked, the rest has its default: everything embedded, in shadow mode. An existing file is overwritten only after asking, or with --force.',
    )
    .addArgument(new Argument('[file]', 'where to').default('ebbtide.yaml'))
    .option('--kafka <brokers>', 'host:port of brokers joined by commas, or embedded')
    .addOption(
      new Option('--kafka-security <protocol>', 'how to speak to the brokers').choices([
        'plaintext',
        'ssl',
        'sasl_ssl',
      ]),
    )
    .option('--partitions <number>', 'partitions of topics that are created', wholeNumber(1, 1024))
    .option('--schema-registry <url>', 'URL of a Confluent-compatible registry, or embedded')
    .option('--clickhouse <url>', 'URL of ClickHouse, or embedded')
    .option('--vault <url>', 'URL of Vault or OpenBao, or embedded')
    .addOption(new Option('--vault-login <method>', 'how services log in at Vault').choices(['approle', 'kubernetes']))
    .addOption(
      new Option('--mode <mode>', 'shadow: decide and record; enforce: act at Vault').choices(['shadow', 'enforce']),
    )
    .option('--yes', 'ask nothing')
    .option('--force', 'overwrite an existing file without asking')
    .addHelpText(
      'after',
      `
Examples:
  ebbtide init
  ebbtide init --yes /etc/ebbtide/ebbtide.yaml
  ebbtide init --yes --kafka kafka:9092 --schema-registry http://registry:8081 \\
    --clickhouse http://clickhouse:8123 --vault http://vault:8200 --vault-login approle --mode shadow`,
    )
    .action(lazily(() => import('../actions/init.ts')));
