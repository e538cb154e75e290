import { Command, Option } from 'commander';
import { lazily } from '../invocation.ts';
import { wholeNumber } from '../values.ts';

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

export const defineReplay = (): Command =>
  new Command('replay')
    .summary('decide on the past once more')
    .description(
      'Run historical telemetry through the live pipeline once more, as fast as it goes, with the models and policies that were in force or with others, and report what they would have decided. Vault is never touched, and nothing that runs is disturbed.',
    )
    .argument('[folder]', 'with --from cloudtrail: a file or a folder of CloudTrail records, .json or .json.gz')
    .option('--topics <topic...>', 'topics to replay', ['telemetry.resource'])
    .option(
      '--from <time>',
      'first time of receipt: 2026-01-31, 2026-01-31T12:00Z, or 36h or 30d ago; else all that is kept. Or cloudtrail: records of a folder through the scope pipeline',
    )
    .option('--to <time>', 'first time after the range; else now')
    .option(
      '--warm-up <duration>',
      'how much to read before --from, so that baselines are learned: 12h, 7d or all',
      'all',
    )
    .option('--model <name>', 'model: a version of the registry, a folder, or shipped; else those that were in force')
    .option(
      '--policy <file>',
      'lifecycle policy (with cloudtrail: scope policy), YAML or JSON; else the policies that were in force',
    )
    .option('--against <model,policy>', 'compare with another model and policy; a part left out is as it was')
    .addOption(
      new Option(
        '--source <source>',
        'where the past is read; without it Kafka, or the archive where brokers are embedded',
      ).choices(['kafka', 'archive']),
    )
    .option('--out <place>', 'write decisions and scores to topic:NAME, table or table:NAME, or file:PATH')
    .option('--html <file>', 'write the report as one HTML page')
    .option('--fail-if <condition>', 'end with 1 where it holds of the figures; may be given again', collect)
    .option('--skip-unreadable', 'pass messages over whose schema the registry does not know, as the live job does')
    .option(
      '--threads <count>',
      'threads that share the partitions beside the main one, 0 for none; else one for each other core',
      wholeNumber(0, 256),
    )
    .option('--batch <messages>', 'messages at once', wholeNumber(1, 100_000), 500)
    .addHelpText(
      'after',
      `
Figures that --fail-if can name are those of the report; with --against also againstRevocations and so on, and
differingDecisions. Comparisons are joined by and, or, not and brackets.

Examples:
  ebbtide replay --from 30d --policy stricter.yaml --against ,gentler.yaml --html report.html
  ebbtide replay --source archive --from 2026-01-01 --to 2026-02-01 --policy new.yaml --fail-if "falseRevocations > 0"
  ebbtide replay --from 24h --out file:decisions.jsonl
  ebbtide replay --from cloudtrail ./AWSLogs --policy scope.yaml --html callers.html`,
    )
    .action(lazily(() => import('../actions/replay.ts')));
