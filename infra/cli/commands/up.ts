import { Command } from 'commander';
import { lazily } from '../invocation.ts';
import { wholeNumber } from '../values.ts';

export const defineUp = (): Command =>
  new Command('up')
    .summary('run everything in one process')
    .description(
      'Run every pipeline and service in one process, with embedded servers for whatever the configuration does not name. Prints one address: the console.',
    )
    .option('--demo', 'add a small fleet of functions with real credentials, one of which is taken over')
    .option('--port <port>', 'port of the console, 0 for any; else console.port', wholeNumber(0, 65_535))
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
