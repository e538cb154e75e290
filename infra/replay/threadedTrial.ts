import '../../models/runtimes/noTelemetry.ts';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PolicyPipeline } from '../../schemas/control.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ClickHouseConfig } from '../clickhouse/config.ts';
import type { Config } from '../config/config.ts';
import type { PreviewView } from '../console/view/policy.ts';
import { rethrown, type ThrownError } from './threads.ts';
import type { Trial, TrialWish } from './trial.ts';

/** Sections of the configuration that trials need. */
const trialSections = ['models', 'lifecycle', 'scope', 'preprovision', 'keyhost', 'policy', 'archive'] as const;

/** What trials need of the configuration, as plain data. */
export type TrialConfig = Pick<Config, (typeof trialSections)[number]>;

const [leastMb, mostMb] = [128, 1_024];

/** What a trial may take at most, a quarter of what the process may: it ends, and nothing else does. */
const heapLimitMb = (): number => {
  const boundMb = process.constrainedMemory() / 2 ** 20;
  // 0, or more than any machine has, where there is no bound
  const share = boundMb > 0 ? Math.floor(boundMb / 4) : mostMb;
  return Math.min(mostMb, Math.max(leastMb, share));
};

/** What the thread of a trial is started with. */
export interface TrialData {
  readonly pipeline: PolicyPipeline;
  readonly clickhouse: ClickHouseConfig;
  readonly config: TrialConfig;
  readonly wish: Pick<TrialWish<object>, 'policy' | 'inForce' | 'from' | 'to'>;
}

/** What it says. */
export type FromTrial =
  | { readonly kind: 'progress'; readonly done: number; readonly all: number }
  | { readonly kind: 'view'; readonly view: PreviewView }
  | { readonly kind: 'failed'; readonly error: ThrownError };

/**
 * Tries policies in a thread of their own, with a connection of its own to the archive: whoever asks goes on answering others.
 *
 * @param clickhouse - its `url` must be an address
 */
export const threadedTrial =
  <Policy extends object>(pipeline: PolicyPipeline, clickhouse: ClickHouseConfig, config: TrialConfig): Trial<Policy> =>
  async ({ policy, inForce, from, to, stopping, progressed }) => {
    const sections = Object.fromEntries(trialSections.map((section) => [section, config[section]])) as TrialConfig;
    const workerData: TrialData = {
      ...{ pipeline, clickhouse, config: sections },
      wish: { policy, inForce, from, to },
    };
    const worker = new Worker(new URL(`./trialThread${extname(import.meta.url)}`, import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMb() },
    });
    let cancel = (): void => {};
    const listening = stopping.subscribe(() => cancel());
    try {
      return await new Promise<PreviewView>((resolve, reject) => {
        cancel = () => reject(new EbbtideError('CANCELLED', 'Another draft is being tried'));
        if (listening.closed) cancel();
        worker.on('error', (error) => reject(outOfMemory(error) ?? error));
        worker.on('exit', () => reject(new Error('The thread of a trial ended')));
        worker.on('message', (message: FromTrial) => {
          if (message.kind === 'progress') progressed(message.done, message.all);
          else if (message.kind === 'view') resolve(message.view);
          else reject(rethrown(message.error));
        });
      });
    } finally {
      listening.unsubscribe();
      await worker.terminate();
    }
  };

const outOfMemory = (error: unknown): EbbtideError | undefined =>
  (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new EbbtideError('REQUEST_INVALID', 'The trial takes more memory than it may have; try fewer days')
    : undefined;
