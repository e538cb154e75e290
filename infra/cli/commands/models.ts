import { Command, Option } from 'commander';
import { modelKinds } from '../../../models/registry/record.ts';
import { lazily } from '../invocation.ts';

const ofKind = (command: Command): Command =>
  command.addOption(new Option('--kind <kind>', 'what is modelled').choices([...modelKinds]).default('anomaly'));

const deciding = (command: Command): Command =>
  ofKind(command)
    .option('--reason <text>', 'why, for the record', '')
    .option('--expect <version>', 'only while this is the champion; else nothing is changed');

export const defineModels = (): Command => {
  const command = new Command('models')
    .summary('registered models: which there are, and which decide')
    .description(
      'The registry of models. A version never changes. The champion decides; a challenger scores beside it, and nothing comes of that.',
    );
  ofKind(
    command.command('list').description('List versions, newest first, and who is champion and challenger.'),
  ).action(lazily(() => import('../actions/models-list.ts')));
  ofKind(
    command
      .command('show')
      .description(
        'Show one version: features, lineage, metrics, and the report of the retraining that made it. Every file is checked.',
      )
      .argument('<version>', 'which'),
  ).action(lazily(() => import('../actions/models-show.ts')));
  ofKind(
    command
      .command('diff')
      .description('Show in what two versions differ.')
      .argument('<before>', 'one version')
      .argument('<after>', 'the other'),
  ).action(lazily(() => import('../actions/models-diff.ts')));
  deciding(
    command
      .command('promote')
      .description(
        'Make a version the champion. Jobs load it beside the one that decides, and switch at a clock record, without a restart. The former champion scores on as the challenger, so that a rollback finds it warm.',
      )
      .argument('<version>', 'which')
      .option('--alone', 'without a challenger: the former champion scores no more'),
  ).action(lazily(() => import('../actions/models-promote.ts')));
  deciding(
    command
      .command('rollback')
      .description('Make the champion before the last promotion the champion again.')
      .option('--alone', 'without a challenger: the version that is taken back scores no more'),
  ).action(lazily(() => import('../actions/models-rollback.ts')));
  deciding(
    command
      .command('challenge')
      .description('Let a version score beside the champion, for comparison; its scores have the role "challenger".')
      .argument('[version]', 'which')
      .option('--end', 'end the challenge that goes on'),
  ).action(lazily(() => import('../actions/models-challenge.ts')));
  return command.addHelpText(
    'after',
    `
Example:
  ebbtide models list
  ebbtide models challenge 20260301-101500
  ebbtide models promote 20260301-101500 --reason "fewer false alarms in a week of shadow scoring"
  ebbtide models rollback`,
  );
};
