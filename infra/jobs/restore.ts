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
 * Read one partition's changelog from its beginning.
 *
 * @param version - layout of its records that this code reads
 * @param each - is given each record by its key in turn; undefined for a tombstone
 * @throws {EbbtideError} `STATE_CORRUPT` for a record of another layout
 */
export const readChangelog = async <R extends { readonly version: number }>(
  kafka: Kafka,
  codec: TopicCodec<R>,
  partition: number,
  version: number,
  each: (key: string, record: R | undefined) => void,
): Promise<void> => {
  const topic = codec.topic.name;
  const tail = await kafka.tail({ topics: [], from: 'beginning', partitions: [{ topic, partition }] });
  try {
    for await (const messages of tail.batches()) {
      if (messages.length === 0) break;
      for (const { key, value, offset } of messages) {
        const record = value ? await codec.read(value) : undefined;
        if (record && record.version !== version)
          throw new EbbtideError(
            'STATE_CORRUPT',
            `Changelog record ${offset} of partition ${partition} has layout ${record.version}, expected ${version}`,
            { partition, offset },
          );
        each(key?.toString('utf8') ?? '', record);
      }
    }
  } finally {
    await tail.close();
  }
};

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
  await readChangelog(kafka, codec, partition, stateVersion, (subject, record) => {
    if (!record) state.remove(subject);
    else if (subject === partitionKey) own = record;
    else loadState(state, record);
  });
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
