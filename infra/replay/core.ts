import type { ModelsConfig } from '../../models/registry/config.ts';
import type { CredentialFacts } from '../../operators/decideTtl.ts';
import { lifecyclePolicies, ordersAsOf } from '../../pipelines/orders.ts';
import type { HistoricPart } from '../../pipelines/replay/history.ts';
import { Lane, type LaneOutput } from '../../pipelines/replay/lane.ts';
import { ReportBuilder, type ReportSummary } from '../../pipelines/replay/report.ts';
import type { VersionedTable } from '../../pipelines/versionedTable.ts';
import type { Control, Label } from '../../schemas/generated/index.ts';
import type { LifecyclePolicy } from '../../schemas/policy.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { TelemetryCodec } from '../../schemas/telemetry.ts';
import { openEncoders } from '../jobs/encoders.ts';
import { resourceLayout } from '../jobs/layout.ts';
import type { TellRefused } from '../jobs/tellRefused.ts';
import { historicModels, openModel } from './model.ts';

/** What of the lanes' output is looked at. */
export type Wanted = 'nothing' | 'records' | 'bytes';

/** A model and a policy that a lane tries. */
export interface CoreLane {
  /** See `resolveModel`. */
  readonly model: string;
  /** Whether promotions in the history put other models in force, as they did. */
  readonly followsPromotions: boolean;
  readonly windowMs: number;
  /** Absent for those that `control` had in force. */
  readonly policy: LifecyclePolicy | undefined;
}

/** What came of a batch. */
export interface CoreResult {
  /** Of each lane, within the range, as far as it is wanted. */
  readonly outputs: readonly (readonly LaneOutput[])[];
  readonly messages: number;
  /** Samples read by the first lane. */
  readonly samples: number;
  /** The first message whose schema the registry does not have. */
  readonly unreadable: { readonly partition: number; readonly offset: number; readonly message: string } | undefined;
}

/** What a core came to at the end. */
export interface CoreSummary {
  readonly report: ReportSummary;
  readonly samples: number;
  readonly late: number;
}

/** Lanes with their report, over some of the partitions: in this thread, or in one of their own. */
export interface Core {
  run(parts: readonly HistoricPart[]): Promise<CoreResult>;
  /** Nothing may run afterwards. */
  summary(): Promise<CoreSummary>;
  /** Versions of the models, in the order of the lanes. */
  readonly modelVersions: readonly string[];
  close(): Promise<void>;
}

/** What cores are made of. */
export interface CoreParts {
  readonly registry: SchemaRegistry;
  readonly control: VersionedTable<Control>;
  credentials(partition: number): VersionedTable<CredentialFacts>;
  readonly labels: readonly Label[];
  readonly lanes: readonly CoreLane[];
  /** Where versions are registered. */
  readonly models: ModelsConfig;
  readonly wants: Wanted;
  /** Told of orders that cannot be read. */
  readonly refused: TellRefused;
}

/**
 * Open lanes in this thread.
 *
 * @throws {EbbtideError} `MODEL_DAMAGED`, `MODEL_INCOMPATIBLE`
 */
export const openCore = async (parts: CoreParts): Promise<Core> => {
  const { registry, control, credentials, labels, lanes: specs, wants } = parts;
  const reader = await TelemetryCodec.open(registry, resourceLayout);
  const encoders = await openEncoders(registry);
  const models = await Promise.all(specs.map(({ model, windowMs }) => openModel(model, windowMs, parts.models)));
  const pools = await Promise.all(
    specs.map(({ model, windowMs, followsPromotions }, index) =>
      followsPromotions ? historicModels(control, models[index]!, model, windowMs, parts.models) : undefined,
    ),
  );
  const lanes = specs.map(({ policy }, index) => {
    const orders = ordersAsOf('lifecycle', control, parts.refused, lifecyclePolicies, policy);
    return new Lane({
      model: models[index]!,
      pool: pools[index],
      reader,
      encoders,
      bytes: wants === 'bytes',
      joined: (partition) => {
        const table = credentials(partition);
        return {
          credential: (subject, joined) => table.at(subject, joined.credentials),
          orders: (joined, time) => orders(joined.control, time),
        };
      },
    });
  });
  const report = new ReportBuilder(lanes.length > 1 ? 2 : 1, labels, (partition, subject) =>
    credentials(partition).at(subject, Number.POSITIVE_INFINITY),
  );
  let tail: Promise<unknown> = Promise.resolve();

  const runNow = async (batch: readonly HistoricPart[]): Promise<CoreResult> => {
    const before = lanes[0]!.counts.samples;
    const outputs = await Promise.all(lanes.map((lane) => lane.run(batch)));
    const messages = batch.reduce((sum, part) => sum + part.messages.length, 0);
    report.add(messages, outputs);
    return {
      outputs: outputs.map((lane) => wanted(lane, wants)),
      messages,
      samples: lanes[0]!.counts.samples - before,
      unreadable: unreadableOf(outputs[0]!),
    };
  };

  return {
    modelVersions: models.map(({ version }) => version),
    run(batch) {
      const result = tail.then(() => runNow(batch));
      tail = result.catch(() => {});
      return result;
    },
    async summary() {
      const { samples, late } = lanes[0]!.counts;
      return { report: report.summary(), samples, late };
    },
    async close() {
      for (const lane of lanes) lane.close();
      await tail;
      await Promise.all(pools.map((pool) => pool?.close()));
      await Promise.all(models.map((model) => model.close()));
    },
  };
};

const wanted = (lane: readonly LaneOutput[], wants: Wanted): LaneOutput[] => {
  const none = { scores: [], decisions: [], alerts: [], rejected: [], records: [] };
  if (wants === 'nothing') return [];
  return lane
    .filter(({ warmUp }) => !warmUp)
    .map((one) =>
      wants === 'bytes'
        ? { ...none, partition: one.partition, warmUp: false, records: one.records }
        : { ...one, rejected: [], records: [] },
    );
};

const unreadableOf = (lane: readonly LaneOutput[]): CoreResult['unreadable'] => {
  for (const { partition, warmUp, rejected } of lane) {
    const letter = rejected.find(({ errorCode }) => errorCode === 'SCHEMA_UNKNOWN');
    if (letter && !warmUp) return { partition, offset: letter.offset, message: letter.message };
  }
  return undefined;
};
