import { Command } from 'commander';
import { lazily } from '../invocation.ts';
import { instantOrAgo, wholeNumber } from '../values.ts';

export const defineRetrain = (): Command =>
  new Command('retrain')
    .summary("let analysts' labels change the anomaly model")
    .description(
      "Train a challenger from the champion, the archive's telemetry and analysts' labels, and let it replace the champion if it wins on held-out data and loses no labelled attack. The report says why, and lies in retrain/reports of the data folder as JSON, Markdown and HTML.",
    )
    .option('--once', 'retrain once and end; this is what the command does, "run retrain" does it again and again')
    .option(
      '--since <time>',
      'telemetry and labels from then on: a duration back, such as 30d, or ISO 8601',
      instantOrAgo,
    )
    .option('--until <time>', 'telemetry and labels before then: the same; else until now', instantOrAgo)
    .option('--epochs <count>', "epochs from the champion's weights; 0 keeps its network", wholeNumber(0, 10_000))
    .option('--seed <number>', 'what chance begins with', wholeNumber(0, 2 ** 32 - 1))
    .addHelpText(
      'after',
      `
Examples:
  ebbtide retrain --once
  ebbtide retrain --since 90d --epochs 0 --json`,
    )
    .action(lazily(() => import('../actions/retrain.ts')));
