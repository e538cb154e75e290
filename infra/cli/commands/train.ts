import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { lazily } from '../invocation.ts';
import { durationMs, instantOrAgo, wholeNumber } from '../values.ts';

/** Kinds of models that can be trained with checkpoints; `trainers.ts` has one trainer for each. */
export const trainableModels = ['anomaly', 'scope', 'access', 'biometric'] as const;

/** See {@link trainableModels}. */
export type TrainableModel = (typeof trainableModels)[number];

/** Where training data comes from. */
export type TrainingOrigin =
  | { readonly kind: 'shipped' | 'archive' }
  | { readonly kind: 'file'; readonly path: string };

const originOf = (text: string): TrainingOrigin => {
  if (text === 'shipped' || text === 'archive') return { kind: text };
  const path = /^file=(.+)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: 'file', path };
  throw new InvalidArgumentError('Expected shipped, archive or file=PATH');
};

export const defineTrain = (): Command =>
  new Command('train')
    .summary('train a model')
    .description(
      'Train a model, write it to a folder, and register it as a version of its own; models promote puts it in force. A training that was interrupted, or killed, goes on with --resume, and ends with the same weights as if it had not been.',
    )
    .addArgument(new Argument('<model>', 'which').choices([...trainableModels]))
    .addOption(
      new Option('--from <origin>', 'what to learn from: shipped (recordings that ship), archive, or file=PATH')
        .argParser(originOf)
        .default({ kind: 'shipped' }, 'shipped'),
    )
    .option('--since <time>', 'telemetry from then on: a duration back, such as 30d, or ISO 8601', instantOrAgo)
    .option('--until <time>', 'telemetry before then: the same; else until now', instantOrAgo)
    .option('--window <duration>', 'length of a window; else that of the policy', durationMs)
    .option('--subjects <count>', 'subjects held in memory at most, chosen by chance', wholeNumber(4, 100_000))
    .option('--zone <name>', 'time zone whose calendar people live by, as in Europe/Berlin (access); else UTC')
    .option('--out <folder>', 'where the model goes; else a folder of its version in models/<model> in the data folder')
    .option('--epochs <count>', 'epochs at most', wholeNumber(1, 10_000))
    .option('--seed <number>', 'what chance begins with', wholeNumber(0, 2 ** 32 - 1))
    .addOption(
      new Option('--backend <name>', 'what computes; else the fastest here').choices(['tensorflow', 'wasm', 'cpu']),
    )
    .option('--resume', 'go on with a training that was interrupted')
    .addHelpText(
      'after',
      `
Telemetry files end in .csv, .ndjson, .jsonl (also .gz) or .avro. Columns of CSV: subject, time (epoch milliseconds or ISO 8601), and
any of the metrics that docs/models.md names. Accesses are read from .csv (also .gz) with user, vm, time, durationMs, of which
vm and durationMs may be absent. The biometric model takes a .csv (also .gz) of people who type one phrase: subject,
sessionIndex, rep, then the timings of docs/biometric.md in seconds.
The scope model takes API calls, one JSON object a line (.ndjson, .jsonl, also .gz), as docs/scope.md says.

Examples:
  ebbtide train anomaly
  ebbtide train anomaly --from archive --since 30d --out .ebbtide/models/anomaly
  ebbtide train anomaly --from file=telemetry.csv --window 60s --seed 7
  ebbtide train anomaly --resume
  ebbtide train access --from file=logins.csv --zone Europe/Berlin
  ebbtide train access --from archive --since 90d
  ebbtide train biometric --from file=typing.csv
  ebbtide train biometric --from archive --since 90d
  ebbtide train scope --from archive --since 30d
  ebbtide train scope --from file=calls.ndjson`,
    )
    .action(lazily(() => import('../actions/train.ts')));
