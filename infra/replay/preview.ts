import type { ModelsConfig } from '../../models/registry/config.ts';
import type { History } from '../../pipelines/replay/history.ts';
import type { ReplayReport } from '../../pipelines/replay/report.ts';
import type { LifecyclePolicy } from '../../schemas/policy.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import type { ClickHouseArchive } from '../clickhouse/client.ts';
import type { Logger } from '../log.ts';
import { openArchiveHistory } from './archiveHistory.ts';
import { runReplay } from './run.ts';
import { noSink } from './sinks.ts';
import type { TrialWish } from './trial.ts';

/** What {@link openPreview} works with. */
export interface PreviewParts {
  readonly registry: SchemaRegistry;
  readonly models: ModelsConfig;
  /** The configured model; promotions in the history put others in force, as they did. */
  readonly model: string;
  readonly log: Pick<Logger, 'error'>;
  readonly archive: ClickHouseArchive;
  /** Name of the Kafka cluster that the archive's messages came from. */
  readonly cluster: string;
  /** Messages replayed at most; of more, the latest. @default 400000 */
  readonly mostMessages?: number;
}

/** What came of it. */
export interface Preview {
  readonly report: ReplayReport;
  /** Where it began: later than asked for where there was too much. */
  readonly from: number;
  readonly warnings: readonly string[];
}

/** Tries a lifecycle policy on the past. */
export type PreviewPolicy = (wish: TrialWish<LifecyclePolicy>) => Promise<Preview>;

/** Read before the range, so that baselines are learned: nearly what the live job knew. */
const warmUpMs = 86_400_000;
const batchSize = 500;
const shortestMs = 600_000;

/**
 * Tries policies on the archive, by the chain that the live job runs. Nothing is written.
 *
 * @example
 * const preview = openPreview({ registry, models, model: 'shipped', log, archive, cluster: 'main' });
 * const { report } = await preview({ policy, inForce, from, to, stopping: NEVER, progressed: () => {} });
 */
export const openPreview =
  ({ registry, models, model, log, archive, cluster, mostMessages = 400_000 }: PreviewParts): PreviewPolicy =>
  async ({ policy, inForce, from, to, stopping, progressed }) => {
    const open = (first: number): Promise<History> =>
      openArchiveHistory(registry, archive, cluster, { from: first, to, warmUpMs }, batchSize);
    let first = from;
    let history = await open(first);
    while (history.messages > mostMessages && to - first > shortestMs) {
      await history.close();
      first += (to - first) / 2;
      history = await open(first);
    }
    try {
      const lane = { model, followsPromotions: true };
      const { report } = await runReplay({
        registry,
        models,
        log,
        history,
        here: { ...lane, policy },
        against: { ...lane, policy: inForce },
        sink: noSink,
        threads: 0,
        skipUnreadable: true,
        stopping,
        progressed: (messages) => progressed(Math.min(messages, history.messages), history.messages),
      });
      return { report, from: first, warnings: history.warnings };
    } finally {
      await history.close();
    }
  };
