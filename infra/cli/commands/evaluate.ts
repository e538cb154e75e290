import { Argument, Command } from 'commander';
import { subjectNames } from '../../../models/evaluation/names.ts';
import { lazily } from '../invocation.ts';

export const defineEvaluate = (): Command =>
  new Command('evaluate')
    .summary('measure how good models are')
    .description('Measure models on real data by a published protocol, beside simple baselines.')
    .addArgument(new Argument('<subject>', 'what is measured').choices(subjectNames))
    .requiredOption(
      '--data <set>',
      'a data set (anomaly: nab, smd, attacks; scope: web-bot; access: nasa; biometric: cmu, balabit), one elsewhere (nab=DIR), or a folder of CSV files',
    )
    .option('--detectors <names>', 'which to compare, with commas; figures are those of the first')
    .option('--html <file>', 'write a page with tables, plots and timelines')
    .addHelpText(
      'after',
      `
Examples:
  ebbtide evaluate anomaly --data nab --html nab.html
  ebbtide evaluate anomaly --data smd --json
  ebbtide evaluate anomaly --data ./telemetry --detectors ebbtide,pca
  ebbtide evaluate scope --data web-bot --html scope.html
  ebbtide evaluate access --data nasa --html access.html
  ebbtide evaluate biometric --data cmu --html cmu.html
  ebbtide evaluate biometric --data cmu --detectors statistical,scaledManhattan
  ebbtide evaluate biometric --data balabit`,
    )
    .action(lazily(() => import('../actions/evaluate.ts')));
