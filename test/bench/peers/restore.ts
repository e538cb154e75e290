import type { Kafka } from '../../../infra/kafka/types.ts';
import { KeyedState } from '../../../operators/keyedState.ts';
import { OpenWindows } from '../../../operators/openWindows.ts';
import type { Partition } from '../../../operators/toOutput.ts';
import { ringSize, ringVersion } from './forecastError.ts';
import type { PeerSettings } from './settings.ts';
import { blockHeader, partitionKey, vectorsPerBlock } from './toDecisions.ts';

const nothing = { control: 0, credentials: 0, labels: 0 };

/** Bring a partition up from the changelog that `toDecisions` writes. */
export const restore = async (
  kafka: Kafka,
  settings: PeerSettings,
  partition: number,
  features: number,
): Promise<{ partition: Partition; start: number; replayBefore: number }> => {
  const size = ringSize(features);
  const state = new KeyedState();
  let [replayBefore, start, rewindTime] = [0, 0, 0];
  const tail = await kafka.tail({ topics: [], from: 'beginning', partitions: [{ topic: settings.state, partition }] });
  for await (const messages of tail.batches()) {
    if (messages.length === 0) break;
    for (const { key, value } of messages) {
      const name = key!.toString('utf8');
      if (name === partitionKey) {
        [replayBefore, start, rewindTime] = [0, 8, 16].map((at) => value!.readDoubleLE(at)) as [number, number, number];
        continue;
      }
      const hash = name.lastIndexOf('#');
      const slot = state.slotOf(name.slice(0, hash));
      const ring = state.carried.writable(ringVersion, size, slot);
      const floats = vectorsPerBlock * features;
      const block = new Float32Array(new Uint8Array(value!.subarray(blockHeader * 8)).buffer);
      ring.set(block, Number(name.slice(hash + 1)) * floats);
      ring[size - 1] = Math.max(ring[size - 1]!, value!.readDoubleLE(0));
      state.closedThrough[slot] = Math.max(state.closedThrough[slot]!, value!.readDoubleLE(8));
      state.coveredBefore[slot] = Math.max(state.coveredBefore[slot]!, value!.readDoubleLE(16));
    }
  }
  await tail.close();
  const topic = settings.telemetry.name;
  const time = { now: rewindTime, joined: nothing, history: [{ offset: start - 1, joined: nothing }] };
  const open = new OpenWindows(settings.layout.metrics.length);
  return { partition: { name: 'peer', topic, partition, state, time, open, budget: [] }, start, replayBefore };
};
