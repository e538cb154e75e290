/** Batches remembered of a user: whoever repeats one does so soon. */
const batchesKept = 64;

/**
 * Whether a burst comes for the first time. Bursts of a batch come in order, and a batch may come again: its sender heard no
 * answer, or the answer of a log that was slow.
 *
 * @param batches - the user's, bursts taken of each by its name, oldest first; is added to
 * @param batch - its name; empty for a burst of none, which is always taken
 * @param place - of the burst in its batch, from 0
 */
export const takeOnce = (batches: Map<string, number>, batch: string, place: number): boolean => {
  if (batch === '') return true;
  const taken = batches.get(batch) ?? 0;
  if (place < taken) return false;
  batches.delete(batch);
  batches.set(batch, place + 1);
  if (batches.size > batchesKept) batches.delete(batches.keys().next().value!);
  return true;
};
