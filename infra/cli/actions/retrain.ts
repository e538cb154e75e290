import { relative } from 'node:path';
import { reportLines } from '../../../models/feedback/report.ts';
import { openArchive } from '../../clickhouse/client.ts';
import { retrainOnce } from '../../jobs/retrain/run.ts';
import { dataFolder } from '../../paths.ts';
import { version } from '../../version.ts';
import { addressOf, connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { createProgress } from '../progress.ts';
import { retrainRegistry } from '../retrain-registry.ts';
import { duration } from '../terminal.ts';
import { type InstantOrAgo, instantOf } from '../values.ts';

interface Options {
  readonly since?: InstantOrAgo;
  readonly until?: InstantOrAgo;
  readonly epochs?: number;
  readonly seed?: number;
}

/** Retrain the anomaly model once, and report. */
export const run: Action<Options> = async ({ terminal, load }, { since, until, epochs, seed }) => {
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
    const { report, files } = await retrainOnce(
      {
        archive,
        registry: await retrainRegistry(config, connected.context),
        config: {
          ...config.retrain,
          ...(epochs === undefined ? {} : { epochs }),
          ...(seed === undefined ? {} : { seed }),
        },
        windowMs: config.policy.lifecycle.windowMs,
        range: {
          fromMs: since ? instantOf(since, now) : now - config.retrain.sinceMs,
          toMs: until ? instantOf(until, now) : now,
        },
        folder: dataFolder('retrain'),
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
