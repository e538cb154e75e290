import { concatMap, type OperatorFunction, pipe } from 'rxjs';
import type { InputBatch, OutputBatch } from '../operators/batch.ts';
import type { ModelChoice } from '../operators/modelChoice.ts';
import type { AccessBatch } from '../operators/preprovision/batch.ts';
import { decidePreprovision, type PreprovisionTopics } from '../operators/preprovision/decidePreprovision.ts';
import { type AccessReader, decodeAccess } from '../operators/preprovision/decodeAccess.ts';
import type { Compared } from '../operators/preprovision/foreseeBeside.ts';
import { foreseeHours, type HourlyPredictor } from '../operators/preprovision/foreseeHours.ts';
import {
  type PreprovisionEncoders,
  type PreprovisionPartition,
  toPreprovisionOutput,
} from '../operators/preprovision/toPreprovisionOutput.ts';
import type { AccessClock } from '../schemas/generated/index.ts';

/** What the preprovision pipeline works with on one partition of `telemetry.access`. */
export interface PreprovisionTask {
  readonly partition: PreprovisionPartition;
  readonly reader: AccessReader;
  readonly topics: PreprovisionTopics & {
    /** Resolves once joined topics have been read as far as a clock record says. */
    reached(clock: AccessClock): Promise<void> | undefined;
  };
  /** Which model predicts where in the stream. */
  readonly models: ModelChoice<HourlyPredictor>;
  /** Told how a challenger met each hour, beside the model in force. */
  readonly compared?: (how: Compared) => void;
  readonly encoders: PreprovisionEncoders;
}

const untilReached = ({ reached }: PreprovisionTask['topics']): OperatorFunction<AccessBatch, AccessBatch> =>
  concatMap(async (batch) => {
    for (const item of batch.items) if (item.kind === 'clock') await reached(item.clock);
    return batch;
  });

/**
 * Predictive pre-provisioning: what users and machines do in; decisions for whom a credential is prepared, and the
 * changelog out.
 */
export const preprovision = ({
  partition,
  reader,
  topics,
  models,
  compared,
  encoders,
}: PreprovisionTask): OperatorFunction<InputBatch, OutputBatch> =>
  pipe(
    decodeAccess(reader),
    untilReached(topics),
    foreseeHours(partition.state, models, compared),
    decidePreprovision(partition.state, topics),
    toPreprovisionOutput(partition, encoders),
  );
