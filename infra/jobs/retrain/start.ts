import type { RetrainRegistry } from '../../../pipelines/retrain.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { ClickHouseArchive } from '../../clickhouse/client.ts';
import { archiveLabels } from '../../clickhouse/labels.ts';
import type { AppContext, Running } from '../../context.ts';
import type { RetrainConfig } from './config.ts';
import { retrainMetrics } from './metrics.ts';
import { lastRetrained, retrainOnce } from './run.ts';

/** What the pipeline is started with. */
export interface RetrainServers {
  readonly archive: ClickHouseArchive;
  readonly registry: RetrainRegistry;
  readonly folder: string;
  readonly windowMs: number;
  readonly code: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Retrain whenever enough new labels have come: look every so often, train a challenger, let it replace the champion if
 * it wins. A failure is logged and tried again at the next look; what runs keeps running.
 */
export const startRetrain = async (
  { log, metrics }: Pick<AppContext, 'log' | 'metrics'>,
  { archive, registry, folder, windowMs, code, now }: RetrainServers,
  config: RetrainConfig,
): Promise<Running> => {
  const { outcomes, waiting } = retrainMetrics(metrics);
  const abort = new AbortController();
  const labels = archiveLabels(archive);
  let learned = await lastRetrained(folder);
  let detail = 'Waits for labels';
  let wake: () => void = () => undefined;

  const look = async (): Promise<void> => {
    const at = now();
    const range = { fromMs: at - config.sinceMs, toMs: at };
    const count = (await labels.labels(range)).filter((label) => label.at > learned).length;
    waiting.set(count);
    if (count < config.minLabels) {
      detail = `Waits for labels: ${count} of ${config.minLabels}`;
      return;
    }
    detail = `Trains a challenger with ${count} new labels`;
    log.info({ labels: count }, 'Retraining begins');
    const say = (line: string): void => log.info(line);
    const { report, files } = await retrainOnce({
      ...{ archive, registry, config, windowMs, range, folder, now: at, code, say },
      signal: abort.signal,
    });
    learned = at;
    waiting.set(0);
    outcomes.inc({ outcome: report.outcome });
    detail = `Last: ${report.outcome}`;
    const { champion, challenger, outcome, reasons } = report;
    log.info({ champion, challenger, outcome, reasons, files }, 'Retraining is done');
  };

  const loop = (async () => {
    while (!abort.signal.aborted) {
      try {
        await look();
      } catch (error) {
        if (abort.signal.aborted) return;
        outcomes.inc({ outcome: 'failed' });
        detail = `Last: failed, ${(error as Error).message}`;
        log.error({ error: isEbbtideError(error) ? error.message : error }, 'Retraining failed; the champion stays');
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, config.everyMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (abort.signal.aborted) wake();
      });
    }
  })();

  return {
    name: 'retrain',
    health: async () => ({ ready: true, detail }),
    failed: new Promise<never>(() => undefined),
    close: async () => {
      abort.abort();
      wake();
      await loop;
    },
  };
};
