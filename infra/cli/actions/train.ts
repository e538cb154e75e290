import { join, relative } from 'node:path';
import { trainAnomaly } from '../../../models/anomaly/train.ts';
import { dataFolder } from '../../paths.ts';
import type { Action } from '../invocation.ts';
import { createProgress } from '../progress.ts';
import { duration } from '../terminal.ts';

interface Options {
  readonly out?: string;
  readonly epochs?: number;
  readonly seed?: number;
}

/** Train the anomaly model on the recordings that ship. */
export const run: Action<Options, ['anomaly']> = async ({ terminal }, { out, epochs, seed }) => {
  const folder = out ?? join(dataFolder('models'), 'anomaly');
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt);
  const progress = createProgress('Training');
  const started = performance.now();
  try {
    terminal.say(`Training the anomaly model into ${relative('.', folder) || folder}`);
    const { manifest } = await trainAnomaly(
      {
        out: folder,
        signal: abort.signal,
        ...(epochs === undefined ? {} : { epochs }),
        ...(seed === undefined ? {} : { seed }),
      },
      ({ step, steps, loss, etaMs }) =>
        progress.update(step, steps, `loss ${loss.toFixed(4)}, ${duration(etaMs)} left`),
    );
    progress.stop();
    const result = {
      folder,
      version: manifest.version,
      metrics: manifest.metrics,
      durationMs: Math.round(performance.now() - started),
    };
    if (terminal.json) return terminal.printJson(result);
    terminal.print(`Model ${manifest.version} in ${folder} after ${duration(result.durationMs)}`);
    for (const [name, value] of Object.entries(manifest.metrics)) terminal.print(`  ${name.padEnd(28)} ${value}`);
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt);
  }
};
