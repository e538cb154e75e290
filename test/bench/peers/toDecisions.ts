import { map, type OperatorFunction } from 'rxjs';
import type { OutputBatch, OutputRecord } from '../../../operators/batch.ts';
import type { Partition } from '../../../operators/toOutput.ts';
import type { TopicCodec } from '../../../schemas/codec.ts';
import { type ForecastBatch, ringSize, ringVersion } from './forecastError.ts';
import { actions, historyVectors, thresholds } from './settings.ts';

/** A decision as the peers write it. */
export interface PeerDecision {
  readonly credential: string;
  readonly window_end: number;
  readonly score: number;
  readonly action: string;
}

/** Vectors that are saved together, under one key of the changelog. */
export const vectorsPerBlock = 8;
/** Numbers before the vectors of a saved block: windows seen, end of the last one, offset that it covers. */
export const blockHeader = 3;
export const partitionKey = '@partition';

const actionOf = (score: number): string => {
  const index = thresholds.findIndex((limit) => score > limit);
  return actions[index < 0 ? thresholds.length : index]!;
};

/**
 * Decisions, and the changelog: of each subject that has closed eight windows since, the blocks of its history that
 * have changed, and of the partition, from where on the rest is rebuilt from the input.
 */
export const toDecisions = (
  partition: Partition,
  decisions: TopicCodec<PeerDecision>,
  changelog: string,
  features: number,
): OperatorFunction<ForecastBatch, OutputBatch> => {
  const { state, open, time } = partition;
  const size = ringSize(features);
  const blockFloats = vectorsPerBlock * features;

  const saveBlock = (slot: number, block: number, next: number): OutputRecord => {
    const ring = state.carried.read(ringVersion, size, slot);
    const value = Buffer.allocUnsafe(blockHeader * 8 + blockFloats * 4);
    value.writeDoubleLE(ring[size - 1]!, 0);
    value.writeDoubleLE(state.closedThrough[slot]!, 8);
    value.writeDoubleLE(next, 16);
    const { buffer, byteOffset } = ring;
    value.set(new Uint8Array(buffer, byteOffset + block * blockFloats * 4, blockFloats * 4), blockHeader * 8);
    return { topic: changelog, key: `${state.nameOf(slot)}#${block}`, value };
  };

  return map((batch) => {
    const { messages, replayBefore } = batch.source;
    const next = (messages.at(-1)?.offset ?? -1) + 1;
    if (next <= replayBefore) return { records: [], next };
    const records: OutputRecord[] = [];
    const touched = new Set<number>();
    for (let i = 0; i < batch.events.length; i++) {
      const { subject, windowEnd, replayed, slot } = batch.events[i]!;
      if (state.unsaved[slot]! >= vectorsPerBlock) touched.add(slot);
      if (replayed) continue;
      const score = batch.errors[i]!;
      const value = decisions.encode({ credential: subject, window_end: windowEnd, score, action: actionOf(score) });
      records.push({ topic: decisions.topic.name, key: subject, value });
    }
    for (const slot of touched) {
      const seen = state.carried.read(ringVersion, size, slot)[size - 1]!;
      const blocks = historyVectors / vectorsPerBlock;
      const first = Math.floor((seen - state.unsaved[slot]!) / vectorsPerBlock);
      const last = Math.floor((seen - 1) / vectorsPerBlock);
      for (let block = Math.max(first, last - blocks + 1); block <= last; block++)
        records.push(saveBlock(slot, block % blocks, next));
      const earliest = open.earliest(state.openWindow, slot);
      state.neededFrom[slot] = earliest.offset;
      state.neededTime[slot] = earliest.time;
      state.unsaved[slot] = 0;
    }
    const rewind = state.rewind() ?? { offset: next, time: time.now };
    const value = Buffer.allocUnsafe(24);
    value.writeDoubleLE(next, 0);
    value.writeDoubleLE(rewind.offset, 8);
    value.writeDoubleLE(rewind.time, 16);
    records.push({ topic: changelog, key: partitionKey, value });
    return { records, next };
  });
};
