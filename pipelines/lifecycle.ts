import { type OperatorFunction, pipe } from 'rxjs';
import { awaitJoined } from '../operators/awaitJoined.ts';
import type { InputBatch, Joined, OutputBatch } from '../operators/batch.ts';
import { type DecisionCounts, decideTtl, type JoinedTopics } from '../operators/decideTtl.ts';
import { decodeTelemetry, type TelemetryReader } from '../operators/decodeTelemetry.ts';
import { type Featurizer, featurize } from '../operators/featurize.ts';
import { score, type WindowModel } from '../operators/score.ts';
import { type Encoders, type Partition, toOutput } from '../operators/toOutput.ts';
import { type WindowCounts, windowByKey } from '../operators/windowByKey.ts';

/** What the lifecycle pipeline works with on one partition of `telemetry.resource`. */
export interface LifecycleTask {
  readonly partition: Partition;
  readonly reader: TelemetryReader;
  readonly joined: JoinedTopics & { reached(joined: Joined): Promise<void> | undefined };
  readonly features: Featurizer;
  readonly model: WindowModel;
  readonly encoders: Encoders;
  readonly counts: WindowCounts & DecisionCounts;
}

/**
 * Adaptive credential lifecycle: telemetry of function instances in; scores, decisions on their credentials' TTL, and
 * the changelog out.
 */
export const lifecycle = ({
  partition,
  reader,
  joined,
  features,
  model,
  encoders,
  counts,
}: LifecycleTask): OperatorFunction<InputBatch, OutputBatch> =>
  pipe(
    decodeTelemetry(reader),
    awaitJoined((position) => joined.reached(position)),
    windowByKey(
      partition.state,
      partition.time,
      (position, time) => joined.orders(position, time).policy,
      reader.metrics,
      counts,
      partition.open,
    ),
    featurize(features, reader.metrics),
    score(model, partition.state),
    decideTtl(partition.name, partition.state, joined, partition.budget, counts),
    toOutput(partition, encoders),
  );
