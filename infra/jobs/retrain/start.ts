import { pipelineOf } from '../../../models/registry/record.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { ClickHouseArchive } from '../../clickhouse/client.ts';
import { lastDrift } from '../../clickhouse/drifts.ts';
import { archiveLabels } from '../../clickhouse/labels.ts';
import type { AppContext, Running } from '../../context.ts';
import type { RetrainConfig } from './config.ts';
import { retrainMetrics } from './metrics.ts';
import { lastRetrained, type RetrainedModel, retrainOnce } from './run.ts';

/** What the pipeline is started with. */
export interface RetrainServers {
  readonly archive: ClickHouseArchive;
  /** Models that are retrained, each by labels of its own pipeline's decisions. */
  readonly models: readonly RetrainedModel[];
  readonly code: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Retrain whenever enough new labels have come: look every so often, train a challenger, let it replace the champion if
 * it wins. Where it is configured, a drift of p-values starts that without labels. A failure is logged and tried again at the next look; what runs keeps running.
 */
export const startRetrain = async (
  { log, metrics }: Pick<AppContext, 'log' | 'metrics'>,
  { archive, models, code, now }: RetrainServers,
  config: RetrainConfig,
): Promise<Running> => {
  const { outcomes, waiting } = retrainMetrics(
    metrics,
    models.map(({ kind }) => kind),
  );
  const abort = new AbortController();
  const labels = archiveLabels(archive);
  const states = await Promise.all(
    models.map(async (model) => ({ model, learned: await lastRetrained(model.folder), detail: 'Waits for labels' })),
  );
  let wake: () => void = () => undefined;

  const look = async (state: (typeof states)[number]): Promise<void> => {
    const { model } = state;
    const { kind } = model;
    const own = `${pipelineOf[kind]}/`;
    const at = now();
    const range = { fromMs: at - config.sinceMs, toMs: at };
    const count = (await labels.labels(range)).filter(
      (label) => label.at > state.learned && (label.decisionId === null || label.decisionId.startsWith(own)),
    ).length;
    waiting.set({ kind }, count);
    const drift = config.onDrift
      ? await lastDrift(archive, pipelineOf[kind], { ...range, fromMs: Math.max(range.fromMs, state.learned + 1) })
      : undefined;
    if (count < config.minLabels && !drift) {
      state.detail = `Waits for labels: ${count} of ${config.minLabels}`;
      return;
    }
    state.detail = `Trains a challenger with ${count} new labels${drift ? ', behaviour drifted' : ''}`;
    log.info({ kind, labels: count, ...(drift ? { drift: drift.summary } : {}) }, 'Retraining begins');
    const say = (line: string): void => log.info(line);
    const { report, files } = await retrainOnce({
      ...{ archive, model, config, range, now: at, code, say, withoutLabels: drift !== undefined },
      signal: abort.signal,
    });
    state.learned = at;
    waiting.set({ kind }, 0);
    outcomes.inc({ kind, outcome: report.outcome });
    state.detail = `Last: ${report.outcome}`;
    const { champion, challenger, outcome, reasons } = report;
    log.info({ kind, champion, challenger, outcome, reasons, files }, 'Retraining is done');
  };

  const loop = (async () => {
    while (!abort.signal.aborted) {
      for (const state of states)
        try {
          await look(state);
        } catch (error) {
          if (abort.signal.aborted) return;
          const { kind } = state.model;
          outcomes.inc({ kind, outcome: 'failed' });
          state.detail = `Last: failed, ${(error as Error).message}`;
          log.error(
            { kind, error: isEbbtideError(error) ? error.message : error },
            'Retraining failed; the champion stays',
          );
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
    health: async () => ({
      ready: true,
      detail: states.map(({ model: { kind }, detail }) => `${kind}: ${detail}`).join('; '),
    }),
    failed: new Promise<never>(() => undefined),
    close: async () => {
      abort.abort();
      wake();
      await loop;
    },
  };
};
