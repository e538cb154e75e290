import { Command, Option } from 'commander';
import { lazily } from '../invocation.ts';
import { instantOrAgo } from '../values.ts';

export const definePolicy = (): Command =>
  new Command('policy').description('Try policies before they are put in force.').addCommand(
    new Command('test')
      .summary('what a policy would have done to real traffic')
      .description(
        'Send what the archive has through a pipeline once more, with a changed policy. Of scope: API calls, and who would have been restricted, when, and after how many calls. Of preprovision: accesses, and what would have been prepared for whom, hit or missed, and how long it would have lain unused. Nothing is put in force.',
      )
      .requiredOption('--since <time>', 'from then on: a duration back, such as 7d, or ISO 8601', instantOrAgo)
      .option('--until <time>', 'before then: the same; else until now', instantOrAgo)
      .addOption(
        new Option('--pipeline <name>', 'whose policy').choices(['scope', 'preprovision'] as const).default('scope'),
      )
      .option('--policy <file>', 'its policy, YAML or JSON, compared with the configured one; else that')
      .option(
        '--model <name>',
        'scope: a version of the registry, a folder, or default; preprovision: a folder, or statistics; else the champion',
      )
      .option('--html <file>', 'write the report as one HTML page')
      .addHelpText(
        'after',
        `
Examples:
  ebbtide policy test --since 7d
  ebbtide policy test --since 30d --policy stricter.yaml --html stricter.html
  ebbtide policy test --pipeline preprovision --since 7d --policy sparing.yaml`,
      )
      .action(lazily(() => import('../actions/policy-test.ts'))),
  );
