import { Command } from 'commander';
import { lazily } from '../invocation.ts';
import { instantOrAgo } from '../values.ts';

export const definePolicy = (): Command =>
  new Command('policy').description('Try policies before they are put in force.').addCommand(
    new Command('test')
      .summary('what a policy would have done to real traffic')
      .description(
        'Send the API calls of the archive through the scope pipeline once more, with a changed policy, and say who would have been restricted, when, and after how many calls. Nothing is put in force.',
      )
      .requiredOption('--since <time>', 'calls from then on: a duration back, such as 7d, or ISO 8601', instantOrAgo)
      .option('--until <time>', 'calls before then: the same; else until now', instantOrAgo)
      .option('--policy <file>', 'scope policy, YAML or JSON, compared with the configured one; else that')
      .option('--model <name>', 'scope model: a version of the registry, a folder, or default; else the champion')
      .option('--html <file>', 'write the report as one HTML page')
      .addHelpText(
        'after',
        `
Examples:
  ebbtide policy test --since 7d
  ebbtide policy test --since 30d --policy stricter.yaml --html stricter.html`,
      )
      .action(lazily(() => import('../actions/policy-test.ts'))),
  );
