import { concatMap, type OperatorFunction } from 'rxjs';
import type { DecodedBatch, Joined } from './batch.ts';

/**
 * Hold a batch back until the topics it is joined with have been read as far as its clock records say, so that a join
 * gives the same whenever it is done, and the models that it names are there.
 *
 * @param reached - resolves once the joined topics were read that far
 */
export const awaitJoined = (
  reached: (joined: Joined) => Promise<void> | undefined,
): OperatorFunction<DecodedBatch, DecodedBatch> =>
  concatMap(async (batch) => {
    for (const clock of batch.clocks.values())
      await reached({
        control: clock.controlOffset,
        credentials: clock.credentialsOffset,
        labels: clock.labelsOffset,
        models: clock.modelSequence,
      });
    return batch;
  });
