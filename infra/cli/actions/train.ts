import { userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { trainAnomaly } from '../../../models/anomaly/train.ts';
import { openModelRegistry } from '../../../models/registry/open.ts';
import { dataFolder } from '../../paths.ts';
import type { Action } from '../invocation.ts';
import { createProgress } from '../progress.ts';
import { duration } from '../terminal.ts';

interface Options {
  readonly out?: string;
  readonly epochs?: number;
  readonly seed?: number;
}

/** Versions are names in order of time: `20260301-101500`. */
const versionAt = (time: Date): string => time.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);

/** Train the anomaly model on the recordings that ship, and register it. */
export const run: Action<Options, ['anomaly']> = async ({ terminal, load }, { out, epochs, seed }) => {
  const { config } = await load();
  const registry = await openModelRegistry(config.models);
  const version = versionAt(new Date());
  const folder = out ?? join(dataFolder('models'), 'anomaly', version);
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
        version,
        signal: abort.signal,
        ...(epochs === undefined ? {} : { epochs }),
        ...(seed === undefined ? {} : { seed }),
      },
      ({ step, steps, loss, etaMs }) =>
        progress.update(step, steps, `loss ${loss.toFixed(4)}, ${duration(etaMs)} left`),
    );
    progress.stop();
    const { digest } = await registry.publish('anomaly', folder, userInfo().username);
    const result = {
      folder,
      registry: registry.name,
      digest,
      version: manifest.version,
      metrics: manifest.metrics,
      durationMs: Math.round(performance.now() - started),
    };
    if (terminal.json) return terminal.printJson(result);
    terminal.print(`Model ${manifest.version} in ${folder} after ${duration(result.durationMs)}`);
    terminal.print(`Registered in ${registry.name}; ebbtide models promote ${manifest.version} puts it in force`);
    for (const [name, value] of Object.entries(manifest.metrics)) terminal.print(`  ${name.padEnd(28)} ${value}`);
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt);
  }
};
