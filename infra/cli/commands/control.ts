import { Argument, Command, Option } from 'commander';
import type { PolicyPipeline } from '../../../schemas/control.ts';
import { lazily } from '../invocation.ts';
import { durationMs } from '../values.ts';

const why = (command: Command): Command => command.option('--reason <text>', 'why, for the record', '');

export const defineControl = (): Command => {
  const command = new Command('control')
    .summary('change what pipelines may do')
    .description('Write what is in force to the topic "control": it acts within a second and is kept for the record.');
  why(
    command
      .command('kill-switch')
      .description('Stop, or allow again, every action at Vault. Scoring goes on.')
      .addArgument(new Argument('<state>').choices(['on', 'off'])),
  ).action(lazily(() => import('../actions/control-kill-switch.ts')));
  why(
    command
      .command('mode')
      .description('shadow: decide and record, but do not act; enforce: act.')
      .addArgument(new Argument('<mode>').choices(['shadow', 'enforce'])),
  ).action(lazily(() => import('../actions/control-mode.ts')));
  why(
    command
      .command('exempt')
      .description('Break glass: spare a credential from shortening and revocation for a while.')
      .argument('<credentialId>', 'which')
      .addOption(
        new Option('--for <duration>', 'how long, such as 30m, 8h or 2d')
          .argParser(durationMs)
          .default(3_600_000, '1h'),
      )
      .option('--end', 'end the exemption now'),
  ).action(lazily(() => import('../actions/control-exempt.ts')));
  why(
    command
      .command('policy')
      .description('Put another policy of a pipeline in force, from a YAML file.')
      .argument('<file>', 'the policy')
      .addOption(
        new Option('--pipeline <name>', 'whose')
          .choices(['lifecycle', 'scope', 'keylife', 'preprovision'] satisfies PolicyPipeline[])
          .default('lifecycle'),
      ),
  ).action(lazily(() => import('../actions/control-policy.ts')));
  command
    .command('publish')
    .description(
      "Put the configuration's policies into the topic, where pipelines may not do so themselves. A policy that was put in force by hand still goes before them.",
    )
    .action(lazily(() => import('../actions/control-publish.ts')));
  command
    .command('show')
    .description('Show what is in force.')
    .action(lazily(() => import('../actions/control-show.ts')));
  return command;
};
