import type { Sink } from '../../../infra/replay/sinks.ts';
import type { LaneOutput } from '../../../pipelines/replay/lane.ts';

/** A sink that keeps what the live job would have written: for each `topic/partition` the records, in order. */
export const memorySink = (lane = 0): { sink: Sink; outputs: Map<string, string[]> } => {
  const outputs = new Map<string, string[]>();
  const sink: Sink = {
    wants: 'bytes',
    description: 'memory',
    async write(lanes) {
      for (const { partition, records } of lanes[lane] as readonly LaneOutput[])
        for (const { topic, key, value } of records) {
          const id = `${topic}/${partition}`;
          const line = `${key ?? ''} ${value?.toString('hex') ?? ''}`;
          const list = outputs.get(id);
          if (list) list.push(line);
          else outputs.set(id, [line]);
        }
    },
    close: async () => {},
  };
  return { sink, outputs };
};
