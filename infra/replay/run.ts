import { lastValueFrom, type Observable, takeUntil } from 'rxjs';
import type { Encoders } from '../../operators/toOutput.ts';
import { configuredPolicyKey, ordersAsOf } from '../../pipelines/orders.ts';
import type { History } from '../../pipelines/replay/history.ts';
import { Lane, type LaneOutput } from '../../pipelines/replay/lane.ts';
import { type ReplayReport, ReportBuilder, reportOf } from '../../pipelines/replay/report.ts';
import { type ReplayedBatch, replay } from '../../pipelines/replay.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { type LifecyclePolicy, lifecyclePolicySchema, parseLifecyclePolicy } from '../../schemas/policy.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { TelemetryCodec } from '../../schemas/telemetry.ts';
import { topics } from '../../schemas/topics.ts';
import { resourceLayout } from '../jobs/layout.ts';
import type { Logger } from '../log.ts';
import { openModel } from './model.ts';
import type { Sink } from './sinks.ts';

const pipeline = 'lifecycle';

/** A model and a policy to try. */
export interface LaneSpec {
  /** See `resolveModel`. */
  readonly model: string;
  /** Absent for those that `control` had in force. */
  readonly policy?: LifecyclePolicy;
}

export interface ReplayOptions {
  readonly registry: SchemaRegistry;
  readonly log: Pick<Logger, 'error'>;
  readonly history: History;
  readonly here: LaneSpec;
  readonly against?: LaneSpec;
  readonly sink: Sink;
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

/**
 * Replay a history in one or two lanes.
 *
 * @throws {EbbtideError} `SCHEMA_UNKNOWN` for messages whose schema the registry lacks; `CANCELLED`; `MODEL_DAMAGED`,
 * `MODEL_INCOMPATIBLE`; what reading and writing throw
 */
export const runReplay = async (options: ReplayOptions): Promise<Replayed> => {
  const { registry, log, history, here, against, sink, stopping } = options;
  const reader = await TelemetryCodec.open(registry, resourceLayout);
  const encoders: Encoders = {
    scores: await TopicCodec.open(topics.scores, registry),
    decisions: await TopicCodec.open(topics.decisions, registry),
    alerts: await TopicCodec.open(topics.alerts, registry),
    deadLetters: await TopicCodec.open(topics.deadLetters, registry),
    state: await TopicCodec.open(topics.stateLifecycle, registry),
  };
  const specs = against ? [here, against] : [here];
  const models = await Promise.all(specs.map((spec) => openModel(spec.model, windowMsOf(history, spec.policy))));
  const lanes = specs.map(({ policy }, index) => {
    const orders = ordersAsOf(
      pipeline,
      history.control,
      (order, why) =>
        log.error({ key: order.key, version: order.version, why }, 'order refused, the last good one stays'),
      policy,
    );
    return new Lane({
      model: models[index]!,
      reader,
      encoders,
      bytes: sink.bytes,
      joined: (partition) => {
        const table = history.credentials(partition);
        return {
          credential: (subject, joined) => table.at(subject, joined.credentials),
          orders: (joined) => orders(joined.control),
        };
      },
    });
  });
  const report = new ReportBuilder(against ? 2 : 1, history.labels, (partition, subject) =>
    history.credentials(partition).at(subject, Number.POSITIVE_INFINITY),
  );
  let messages = 0;
  const observe = ({ source, outputs }: ReplayedBatch) => {
    const read = source.parts.reduce((sum, part) => sum + part.messages.length, 0);
    messages += read;
    report.add(read, outputs);
    if (!options.skipUnreadable) refuseUnreadable(outputs);
    options.progressed?.(messages, lanes[0]!.counts.samples);
  };
  const write = ({ outputs }: ReplayedBatch) => sink.write(outputs.map((lane) => lane.filter(({ warmUp }) => !warmUp)));
  try {
    const running = replay({ history, lanes, observe, write });
    const stopped = () => new EbbtideError('CANCELLED', 'Replay stopped before its end');
    let finished = true;
    const stop = stopping?.subscribe(() => {
      finished = false;
    });
    await lastValueFrom(stopping ? running.pipe(takeUntil(stopping)) : running, { defaultValue: undefined });
    stop?.unsubscribe();
    if (!finished) throw stopped();
    const { samples, late } = lanes[0]!.counts;
    return {
      report: reportOf([report.summary()], { samples, late, missing: history.missing() }),
      modelVersions: models.map(({ version }) => version),
    };
  } finally {
    for (const lane of lanes) lane.close();
    await Promise.all(models.map((model) => model.close()));
  }
};

/** Length of the windows that a model is asked about: the live job takes it from its configured policy. */
const windowMsOf = (history: History, policy: LifecyclePolicy | undefined): number => {
  if (policy) return policy.windowMs;
  const configured = history.control.at(configuredPolicyKey(pipeline), Number.POSITIVE_INFINITY);
  try {
    if (configured) return parseLifecyclePolicy(JSON.parse(configured.value)).windowMs;
  } catch {
    // Orders pass over what cannot be read, and say so
  }
  return lifecyclePolicySchema.parse({}).windowMs;
};

const refuseUnreadable = (outputs: readonly (readonly LaneOutput[])[]): void => {
  for (const { partition, warmUp, rejected } of outputs[0]!) {
    const letter = rejected.find(({ errorCode }) => errorCode === 'SCHEMA_UNKNOWN');
    if (letter && !warmUp)
      throw new EbbtideError(
        'SCHEMA_UNKNOWN',
        `Message ${letter.offset} of partition ${partition} cannot be read: ${letter.message}; restore the schema in the registry, or pass such messages over with --skip-unreadable, as the live job does`,
        { partition, offset: letter.offset },
      );
  }
};
