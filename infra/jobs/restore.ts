import { DriftState } from '../../operators/detectDrift.ts';
import { KeyedState } from '../../operators/keyedState.ts';
import { OpenWindows } from '../../operators/openWindows.ts';
import { type Partition, partitionKey, stateVersion } from '../../operators/toOutput.ts';
import { loadState } from '../../pipelines/restoreState.ts';
import type { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { LifecycleState } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { Kafka } from '../kafka/types.ts';

/** A partition brought up from its changelog. */
export interface Restored {
  readonly partition: Partition;
  readonly start: number;
  readonly replayBefore: number;
  readonly subjects: number;
}

/**
 * Read one partition's changelog into memory.
 *
 * @param metrics - metrics in a sample
 */
export const restorePartition = async (
  kafka: Kafka,
  codec: TopicCodec<LifecycleState>,
  name: string,
  partition: number,
  metrics: number,
): Promise<Restored> => {
  const state = new KeyedState();
  let own: LifecycleState | undefined;
  const tail = await kafka.tail({
    topics: [],
    from: 'beginning',
    partitions: [{ topic: topics.stateLifecycle.name, partition }],
  });
  for await (const messages of tail.batches()) {
    if (messages.length === 0) break;
    for (const { key, value, offset } of messages) {
      const subject = key?.toString('utf8') ?? '';
      if (!value) {
        state.remove(subject);
        continue;
      }
      const record = await codec.read(value);
      if (record.version !== stateVersion)
        throw new EbbtideError(
          'STATE_CORRUPT',
          `Changelog record ${offset} of partition ${partition} has layout ${record.version}, expected ${stateVersion}`,
          {
            partition,
            offset,
          },
        );
      if (subject === partitionKey) own = record;
      else loadState(state, record);
    }
  }
  await tail.close();
  const joined = {
    control: own?.controlOffset ?? 0,
    credentials: own?.credentialsOffset ?? 0,
    labels: own?.labelsOffset ?? 0,
    models: own?.modelSequence ?? 0,
  };
  return {
    partition: {
      name,
      topic: topics.telemetryResource.name,
      partition,
      state,
      time: { now: own?.rewindTime ?? 0, joined, history: [{ offset: (own?.rewindOffset ?? 0) - 1, joined }] },
      open: new OpenWindows(metrics),
      budget: [...(own?.budget ?? [])],
      drift: new DriftState(own?.drift ?? []),
    },
    start: own?.rewindOffset ?? 0,
    replayBefore: own?.processedOffset ?? 0,
    subjects: state.size,
  };
};
