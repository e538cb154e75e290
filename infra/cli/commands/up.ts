import { Command, Option } from 'commander';
import { lazily } from '../invocation.ts';

export const defineUp = (): Command =>
  new Command('up')
    .summary('run everything in one process')
    .description(
      'Run every pipeline and service in one process, with embedded servers for whatever the configuration does not name. Prints one address: the console.',
    )
    .option('--demo', 'add a small fleet of functions with real credentials, one of which is taken over')
    .addOption(
      new Option('--port <port>', 'port of the console; the next free one is taken when it is in use').default('7070'),
    )
    .option('--fresh', 'forget what earlier runs left in the data folder')
    .addHelpText(
      'after',
      `
Examples:
  ebbtide up --demo
  ebbtide up --config ebbtide.yaml
  EBBTIDE_DATA=/var/lib/ebbtide ebbtide up`,
    )
    .action(lazily(() => import('../actions/up.ts')));
