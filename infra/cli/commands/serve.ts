import { Argument, Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineServe = (): Command =>
  new Command('serve')
    .summary('run services')
    .description('Run one or more services in this process.')
    .addArgument(
      new Argument('<service...>', 'which').choices([
        'token',
        'gateway',
        'keyhost',
        'provision',
        'delivery',
        'mail',
        'signals',
        'console',
        'collector',
      ]),
    )
    .addHelpText(
      'after',
      `
Services:
  token      issues credentials to functions and answers their renewals
  gateway    decides requests for Envoy, nginx and services
  keyhost    issues keys to users that live as long as their behaviour allows
  provision  prepares credentials before users ask for them, and destroys what nobody asked for
  delivery   hands credentials to users: what was prepared at once, else made on demand
  mail       sends notices to users and alerts to administrators over SMTP
  signals    security events to others and from others (OpenID Shared Signals, CAEP)
  console    the page on which credentials are watched
  collector  reads this host's logins, schedules and machines' states

Examples:
  ebbtide serve token --config ebbtide.yaml
  ebbtide serve token console --config ebbtide.yaml
  ebbtide serve provision delivery --config ebbtide.yaml`,
    )
    .action(lazily(() => import('../actions/serve.ts')));
