import { Argument, Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineRun = (): Command =>
  new Command('run')
    .summary('run pipelines')
    .description(
      'Run one or more pipelines in this process. Start as many processes of one pipeline as there are partitions to share.',
    )
    .addArgument(
      new Argument('<pipeline...>', 'which').choices([
        'lifecycle',
        'scope',
        'keylife',
        'preprovision',
        'actuate',
        'archive',
        'threat',
        'notify',
        'retrain',
      ]),
    )
    .addHelpText(
      'after',
      `
Pipelines:
  lifecycle     telemetry to scores and decisions, exactly once
  scope         API calls to risks, decisions and overrides of scope, exactly once
  keylife       behaviour of sessions to decisions that cut the life of their keys, exactly once
  preprovision  accesses to forecasts, and these to credentials that are prepared, exactly once
  actuate       decisions to Vault, and Vault's answers to effects
  archive       every topic to ClickHouse
  threat        feeds of threat intelligence, put in force for whoever observes API calls; one process is enough
  notify        alerts to signed webhooks; one process is enough
  retrain       analysts' labels to challengers, and these to champions where they win; in a process of its own

Health and metrics are at http.host:http.port of the configuration: /health/live, /health/ready, /metrics.

Examples:
  ebbtide run lifecycle --config ebbtide.yaml
  ebbtide run actuate archive --config ebbtide.yaml`,
    )
    .action(lazily(() => import('../actions/run.ts')));
