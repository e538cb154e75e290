import { Command, Option } from 'commander';
import { retrainedKinds } from '../../jobs/retrain/config.ts';
import { lazily } from '../invocation.ts';
import { instantOrAgo, wholeNumber } from '../values.ts';

export const defineRetrain = (): Command =>
  new Command('retrain')
    .summary("let analysts' labels change the next model")
    .description(
      "Train a challenger from the champion, the archive's telemetry and analysts' labels, and let it replace the champion if it wins on held-out data and loses no labelled attack. The report says why, and lies in retrain/reports of the data folder, the scope model's in retrain/scope/reports, as JSON, Markdown and HTML; it is kept with the challenger in the registry, too.",
    )
    .addOption(
      new Option('--kind <kind>', 'which model: anomaly, or scope, by labels on its own decisions')
        .choices([...retrainedKinds])
        .default('anomaly'),
    )
    .option('--once', 'retrain once and end; this is what the command does, "run retrain" does it again and again')
    .option(
      '--since <time>',
      'telemetry and labels from then on: a duration back, such as 30d, or ISO 8601',
      instantOrAgo,
    )
    .option('--until <time>', 'telemetry and labels before then: the same; else until now', instantOrAgo)
    .option(
      '--epochs <count>',
      "epochs at most; of the anomaly model from the champion's weights, 0 keeps its network",
      wholeNumber(0, 10_000),
    )
    .option('--seed <number>', 'what chance begins with', wholeNumber(0, 2 ** 32 - 1))
    .addHelpText(
      'after',
      `
Examples:
  ebbtide retrain --once
  ebbtide retrain --since 90d --epochs 0 --json
  ebbtide retrain --kind scope --since 90d`,
    )
    .action(lazily(() => import('../actions/retrain.ts')));
