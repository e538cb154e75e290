import { Argument, Command } from 'commander';
import { lazily } from '../invocation.ts';

/** Verdicts as written on the command line, with their names in `schemas/Label.avsc`. */
export const verdicts = {
  legitimate: 'legitimateAnomaly',
  'false-positive': 'falsePositive',
  malicious: 'maliciousActivity',
} as const;

export const defineLabel = (): Command =>
  new Command('label')
    .summary("record an analyst's judgement")
    .description(
      'Record a judgement of what a subject did, or of one decision about it. Models are retrained with these.',
    )
    .argument('<subject>', 'credential id judged')
    .addArgument(new Argument('<verdict>', 'the judgement').choices(Object.keys(verdicts)))
    .option('--decision <decisionId>', 'decision judged')
    .option('--note <text>', 'a note', '')
    .addHelpText(
      'after',
      `
Example:
  ebbtide label billing-1-7f3c false-positive --note "Quarter-end report"`,
    )
    .action(lazily(() => import('../actions/label.ts')));
