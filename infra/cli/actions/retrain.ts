import { relative } from 'node:path';
import { reportLines } from '../../../models/feedback/report.ts';
import { openArchive } from '../../clickhouse/client.ts';
import type { RetrainedKind } from '../../jobs/retrain/config.ts';
import { retrainOnce } from '../../jobs/retrain/run.ts';
import { version } from '../../version.ts';
import { addressOf, connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { createProgress } from '../progress.ts';
import { retrainedModels } from '../retrain-registry.ts';
import { duration } from '../terminal.ts';
import { type InstantOrAgo, instantOf } from '../values.ts';

interface Options {
  readonly kind: RetrainedKind;
  readonly since?: InstantOrAgo;
  readonly until?: InstantOrAgo;
  readonly epochs?: number;
  readonly seed?: number;
}

/** Retrain one kind of model once, and report. */
export const run: Action<Options> = async ({ terminal, load }, { kind, since, until, epochs, seed }) => {
  const { config } = await load();
  const url = addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url');
  const archive = openArchive({ ...config.clickhouse, url });
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const progress = createProgress('Retraining');
  const connected = await connect(config, 'retrain');
  try {
    const now = Date.now();
    const [model] = await retrainedModels(config, connected.context, [kind]);
    const { report, files } = await retrainOnce(
      {
        archive,
        model: model!,
        config: { ...config.retrain, ...(seed === undefined ? {} : { seed }) },
        ...(epochs === undefined ? {} : { epochs }),
        range: {
          fromMs: since ? instantOf(since, now) : now - config.retrain.sinceMs,
          toMs: until ? instantOf(until, now) : now,
        },
        now,
        code: version(),
        signal: abort.signal,
        say: terminal.say,
      },
      ({ step, steps, loss, etaMs }) =>
        progress.update(step, steps, `loss ${loss.toFixed(4)}, ${duration(etaMs)} left`),
    );
    progress.stop();
    if (terminal.json) return terminal.printJson(report);
    for (const line of reportLines(report)) terminal.print(line);
    terminal.print(`Report: ${files.map((file) => relative('.', file)).join(', ')}`);
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await connected.close();
    await archive.close();
  }
};
