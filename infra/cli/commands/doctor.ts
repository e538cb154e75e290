import { Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineDoctor = (): Command =>
  new Command('doctor')
    .summary('say what is there and what is missing')
    .description(
      'Look at this machine and at the servers of the configuration: what is there, in which version, what is missing and how to get it.',
    )
    .addHelpText(
      'after',
      `
The exit status is 0 when everything that the configuration needs is there, else 1.

Examples:
  ebbtide doctor
  ebbtide doctor --config ebbtide.yaml --json`,
    )
    .action(lazily(() => import('../actions/doctor.ts')));
