import { Argument, Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineServe = (): Command =>
  new Command('serve')
    .summary('run services')
    .description('Run one or more services in this process.')
    .addArgument(new Argument('<service...>', 'which').choices(['token', 'console', 'collector']))
    .addHelpText(
      'after',
      `
Services:
  token      issues credentials to functions and answers their renewals
  console    the page on which credentials are watched
  collector  reads this host's logins, schedules and machines' states

Examples:
  ebbtide serve token --config ebbtide.yaml
  ebbtide serve token console --config ebbtide.yaml`,
    )
    .action(lazily(() => import('../actions/serve.ts')));
