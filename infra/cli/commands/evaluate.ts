import { Argument, Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineEvaluate = (): Command =>
  new Command('evaluate')
    .summary('measure how good models are')
    .description('Measure models on real data by a published protocol, beside simple baselines.')
    .addArgument(new Argument('<subject>', 'what is measured').choices(['anomaly', 'scope']))
    .requiredOption('--data <set>', 'a data set (nab, smd, web-bot), one elsewhere (nab=DIR), or a folder of CSV files')
    .option('--detectors <names>', 'which to compare, with commas; figures are those of the first')
    .option('--html <file>', 'write a page with tables, plots and timelines')
    .addHelpText(
      'after',
      `
Examples:
  ebbtide evaluate anomaly --data nab --html nab.html
  ebbtide evaluate anomaly --data smd --json
  ebbtide evaluate anomaly --data ./telemetry --detectors ebbtide,pca
  ebbtide evaluate scope --data web-bot --html scope.html`,
    )
    .action(lazily(() => import('../actions/evaluate.ts')));
