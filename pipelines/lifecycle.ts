import { type OperatorFunction, pipe } from 'rxjs';
import { awaitJoined } from '../operators/awaitJoined.ts';
import type { InputBatch, Joined, OutputBatch } from '../operators/batch.ts';
import { type DecisionCounts, decideTtl, type JoinedTopics } from '../operators/decideTtl.ts';
import { decodeTelemetry, type TelemetryReader } from '../operators/decodeTelemetry.ts';
import { DriftState, detectDrift } from '../operators/detectDrift.ts';
import { type Featurizer, featurize } from '../operators/featurize.ts';
import type { ModelChoice } from '../operators/modelChoice.ts';
import { type AlarmCounts, raiseAlarms } from '../operators/raiseAlarms.ts';
import { score, type WindowModel } from '../operators/score.ts';
import { type Encoders, type Partition, toOutput } from '../operators/toOutput.ts';
import { type WindowCounts, windowByKey } from '../operators/windowByKey.ts';
import type { Clock } from '../schemas/generated/index.ts';

/** What the lifecycle pipeline works with on one partition of `telemetry.resource`. */
export interface LifecycleTask {
  readonly partition: Partition;
  readonly reader: TelemetryReader;
  readonly joined: JoinedTopics & { reached(joined: Joined): Promise<void> | undefined };
  readonly features: Featurizer;
  /** The configured model: it scores until another is promoted. */
  readonly model: WindowModel;
  /** Which models are in force; {@link LifecycleTask.model} everywhere when absent. */
  readonly models?: ModelChoice<WindowModel>;
  readonly encoders: Encoders;
  readonly counts: WindowCounts & DecisionCounts & AlarmCounts;
}

const joinedOf = ({ controlOffset, credentialsOffset, labelsOffset, modelSequence }: Clock): Joined => ({
  control: controlOffset,
  credentials: credentialsOffset,
  labels: labelsOffset,
  models: modelSequence,
});

/** For models that do not know how deviations cluster. */
const everyDeviation = { clusterWindows: 1, quietWindows: 60 } as const;

/**
 * Adaptive credential lifecycle: telemetry of function instances in; scores, decisions on their credentials' TTL, and
 * the changelog out.
 */
export const lifecycle = ({
  partition: given,
  reader,
  joined,
  features,
  model,
  models,
  encoders,
  counts,
}: LifecycleTask): OperatorFunction<InputBatch, OutputBatch> => {
  const drift = given.drift ?? new DriftState();
  const partition = { ...given, drift };
  const alarmRule = (at: Joined) => (models?.inForce(at).champion ?? model).alarms ?? everyDeviation;
  const names = model.spec.features?.map(({ name }) => name) ?? [];
  return pipe(
    decodeTelemetry(reader),
    awaitJoined((clock: Clock) => joined.reached(joinedOf(clock))),
    windowByKey(
      partition.state,
      partition.time,
      (position, time) => joined.orders(position, time).policy,
      reader.metrics,
      counts,
      partition.open,
    ),
    featurize(features, reader.metrics),
    score(model, partition.state, models, (subject, at) => joined.credential(subject, at)?.function),
    raiseAlarms(partition.name, partition.state, joined, alarmRule, counts),
    detectDrift(partition.name, partition.partition, drift, joined, names, counts),
    decideTtl(partition.name, partition.state, joined, partition.budget, counts),
    toOutput(partition, encoders),
  );
};
