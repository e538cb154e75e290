import { Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineVersion = (): Command =>
  new Command('version')
    .description('Print the version of Ebbtide and of what it runs on.')
    .action(lazily(() => import('../actions/version.ts')));
