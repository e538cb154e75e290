import { Argument, Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineServe = (): Command =>
  new Command('serve')
    .summary('run services')
    .description('Run one or more services in this process.')
    .addArgument(new Argument('<service...>', 'which').choices(['token', 'gateway', 'keyhost', 'signals', 'console']))
    .addHelpText(
      'after',
      `
Services:
  token    issues credentials to functions and answers their renewals
  gateway  decides requests for Envoy, nginx and services
  keyhost  issues keys to users that live as long as their behaviour allows
  console  the page on which credentials are watched
  signals  security events to others and from others (OpenID Shared Signals, CAEP)

Examples:
  ebbtide serve token --config ebbtide.yaml
  ebbtide serve token console --config ebbtide.yaml`,
    )
    .action(lazily(() => import('../actions/serve.ts')));
