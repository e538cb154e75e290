import { Argument, Command } from 'commander';
import { lazily } from '../invocation.ts';
import { wholeNumber } from '../values.ts';

export const defineTrain = (): Command =>
  new Command('train')
    .summary('train a model')
    .description(
      'Train a model, write it to a folder, and register it as a version of its own; models promote puts it in force.',
    )
    .addArgument(new Argument('<model>', 'which').choices(['anomaly']))
    .option('--out <folder>', 'where the model goes; else a folder of its version in models/anomaly in the data folder')
    .option('--epochs <count>', 'epochs at most', wholeNumber(1, 10_000))
    .option('--seed <number>', 'what chance begins with', wholeNumber(0, 2 ** 32 - 1))
    .addHelpText(
      'after',
      `
Example:
  ebbtide train anomaly --out .ebbtide/models/anomaly`,
    )
    .action(lazily(() => import('../actions/train.ts')));
