import { Argument, Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineTrain = (): Command =>
  new Command('train')
    .summary('train a model')
    .description('Train a model and write it to a folder.')
    .addArgument(new Argument('<model>', 'which').choices(['anomaly']))
    .option('--out <folder>', 'where the model goes')
    .option('--epochs <count>', 'passes over the data')
    .option('--seed <number>', 'what chance begins with')
    .addHelpText(
      'after',
      `
Example:
  ebbtide train anomaly --out .ebbtide/models/anomaly`,
    )
    .action(lazily(() => import('../actions/train.ts')));
