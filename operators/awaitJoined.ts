import { concatMap, type OperatorFunction } from 'rxjs';

/**
 * Hold a batch back until the topics it is joined with have been read as far as its clock records say, so that a join
 * gives the same whenever it is done, and the models that it names are there.
 *
 * @param reached - resolves once the joined topics were read as far as a clock record says
 */
export const awaitJoined = <C, B extends { readonly clocks: ReadonlyMap<number, C> }>(
  reached: (clock: C) => Promise<void> | undefined,
): OperatorFunction<B, B> =>
  concatMap(async (batch) => {
    for (const clock of batch.clocks.values()) await reached(clock);
    return batch;
  });
