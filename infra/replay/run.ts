import { availableParallelism } from 'node:os';
import { lastValueFrom, type Observable, takeUntil } from 'rxjs';
import type { ModelsConfig } from '../../models/registry/config.ts';
import { configuredPolicyKey } from '../../pipelines/orders.ts';
import type { HistoricPart, History } from '../../pipelines/replay/history.ts';
import { type ReplayReport, reportOf } from '../../pipelines/replay/report.ts';
import { replay } from '../../pipelines/replay.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { type LifecyclePolicy, lifecyclePolicySchema, parseLifecyclePolicy } from '../../schemas/policy.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { tellRefused } from '../jobs/tellRefused.ts';
import type { Logger } from '../log.ts';
import { type Core, type CoreParts, type CoreResult, openCore } from './core.ts';
import type { Sink } from './sinks.ts';
import { openThread } from './threads.ts';

/** A model and a policy to try. */
export interface LaneSpec {
  /** See `resolveModel`. */
  readonly model: string;
  /** Promotions in the history put other models in force, as they did. @default false */
  readonly followsPromotions?: boolean;
  /** Absent for those that `control` had in force. */
  readonly policy?: LifecyclePolicy;
}

export interface ReplayOptions {
  readonly registry: SchemaRegistry;
  /** Where versions of models are registered. */
  readonly models: ModelsConfig;
  readonly log: Pick<Logger, 'error'>;
  readonly history: History;
  readonly here: LaneSpec;
  readonly against?: LaneSpec;
  readonly sink: Sink;
  /**
   * Threads that share the partitions with this one, which reads and writes; 0 for none.
   * @default one for each core but this thread's, as far as there are partitions; 0 where the history is short
   */
  readonly threads?: number;
  /** Messages of schemas that the registry does not know are passed over, as the live job does, instead of failing. */
  readonly skipUnreadable?: boolean;
  /** Told after each batch. */
  readonly progressed?: (messages: number, samples: number) => void;
  /** Ends the replay with `CANCELLED`. */
  readonly stopping?: Observable<unknown>;
}

/** Outcome of a replay, with what was tried. */
export interface Replayed {
  readonly report: ReplayReport;
  /** Versions of the models, in the order of the lanes. */
  readonly modelVersions: readonly string[];
}

/** Below this, starting threads takes longer than it saves. */
const shortHistory = 20_000;
/** Reading and writing for so many threads is work enough for this one; with fewer it takes a share of the partitions too. */
const manyThreads = 3;
/** Batches on their way for each share: one is processed while the next lies ready. */
const batchesEach = 2;

/**
 * Replay a history in one or two lanes.
 *
 * @throws {EbbtideError} `SCHEMA_UNKNOWN` for messages whose schema the registry lacks; `CANCELLED`; `MODEL_DAMAGED`,
 * `MODEL_INCOMPATIBLE`; what reading and writing throw
 */
export const runReplay = async (options: ReplayOptions): Promise<Replayed> => {
  const { registry, models, log, history, here, against, sink, stopping } = options;
  const most = history.messages < shortHistory ? 0 : availableParallelism() - 1;
  const threads = Math.min(options.threads ?? most, history.partitions.length);
  const sharesHere = threads < manyThreads;
  const cores = await openCores(
    {
      registry,
      control: history.control,
      credentials: (partition) => history.credentials(partition),
      labels: history.labels,
      lanes: (against ? [here, against] : [here]).map(({ model, policy, followsPromotions = false }) => ({
        model,
        followsPromotions,
        policy,
        windowMs: windowMsOf(history, policy),
      })),
      models,
      wants: sink.wants,
      refused: tellRefused(log),
    },
    history.partitions,
    { threads, sharesHere },
  );
  let messages = 0;
  let samples = 0;
  let stopped = false;
  const stop = stopping?.subscribe(() => {
    stopped = true;
  });
  try {
    const running = replay<readonly CoreResult[]>({
      history,
      inFlight: cores.length * batchesEach,
      run: (parts) => Promise.all(shared(parts, cores.length).map(({ core, own }) => cores[core]!.run(own))),
      observe({ result }) {
        for (const one of result) {
          messages += one.messages;
          samples += one.samples;
          if (one.unreadable && !options.skipUnreadable) throw unreadable(one.unreadable);
        }
        options.progressed?.(messages, samples);
      },
      write: async ({ result }) => {
        for (const { outputs } of result) if (outputs.length > 0) await sink.write(outputs);
      },
    });
    await lastValueFrom(stopping ? running.pipe(takeUntil(stopping)) : running, { defaultValue: undefined });
    if (stopped) throw new EbbtideError('CANCELLED', 'Replay stopped before its end');
    const summaries = await Promise.all(cores.map((core) => core.summary()));
    const sum = (of: (one: (typeof summaries)[number]) => number) => summaries.reduce((all, one) => all + of(one), 0);
    return {
      report: reportOf(
        summaries.map(({ report }) => report),
        { samples: sum((one) => one.samples), late: sum((one) => one.late), missing: history.missing() },
      ),
      modelVersions: cores[0]!.modelVersions,
    };
  } finally {
    stop?.unsubscribe();
    await Promise.all(cores.map((core) => core.close()));
  }
};

const openCores = async (
  parts: CoreParts,
  partitions: readonly number[],
  { threads, sharesHere }: { threads: number; sharesHere: boolean },
): Promise<Core[]> => {
  const count = threads + Number(sharesHere);
  const ownOf = (core: number) => partitions.filter((partition) => partition % count === core);
  const all = await Promise.allSettled(
    Array.from({ length: count }, (_, core) =>
      sharesHere && core === 0 ? openCore(parts) : openThread(parts, ownOf(core)),
    ),
  );
  const failed = all.find((one) => one.status === 'rejected');
  const cores = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (!failed) return cores;
  await Promise.all(cores.map((core) => core.close()));
  throw failed.reason;
};

/** Parts by the core that their partition belongs to. */
const shared = (parts: readonly HistoricPart[], cores: number): { core: number; own: HistoricPart[] }[] => {
  const byCore = new Map<number, HistoricPart[]>();
  for (const part of parts) {
    const core = part.partition % cores;
    const own = byCore.get(core);
    if (own) own.push(part);
    else byCore.set(core, [part]);
  }
  return [...byCore].map(([core, own]) => ({ core, own }));
};

/** Length of the windows that a model is asked about: the live job takes it from its configured policy. */
const windowMsOf = (history: History, policy: LifecyclePolicy | undefined): number => {
  if (policy) return policy.windowMs;
  const configured = history.control.at(configuredPolicyKey('lifecycle'), Number.POSITIVE_INFINITY);
  try {
    if (configured) return parseLifecyclePolicy(JSON.parse(configured.value)).windowMs;
  } catch {
    // Orders pass over what cannot be read, and say so
  }
  return lifecyclePolicySchema.parse({}).windowMs;
};

const unreadable = ({ partition, offset, message }: NonNullable<CoreResult['unreadable']>): EbbtideError =>
  new EbbtideError(
    'SCHEMA_UNKNOWN',
    `Message ${offset} of partition ${partition} cannot be read: ${message}; restore the schema in the registry, or pass such messages over with --skip-unreadable, as the live job does`,
    { partition, offset },
  );
