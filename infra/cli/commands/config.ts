import { Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineConfig = (): Command => {
  const command = new Command('config')
    .summary('check and describe the configuration')
    .description('The configuration file.');
  command
    .command('check')
    .description('Check the configuration, and print it complete with defaults.')
    .action(lazily(() => import('../actions/config-check.ts')));
  command
    .command('schema')
    .description('Print the JSON Schema of the configuration file, for editors.')
    .action(lazily(() => import('../actions/config-schema.ts')));
  command
    .command('example')
    .description('Print a configuration file with every key, its meaning and its default.')
    .action(lazily(() => import('../actions/config-example.ts')));
  return command;
};
