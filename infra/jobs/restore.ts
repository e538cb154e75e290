import { flag, KeyedState } from '../../operators/keyedState.ts';
import { OpenWindows } from '../../operators/openWindows.ts';
import { type Partition, partitionKey, stateVersion } from '../../operators/toOutput.ts';
import { branches } from '../../operators/ttlRule.ts';
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
 * @param model - version and state size of the model that will go on; the carried state of another begins anew
 * @param metrics - metrics in a sample
 */
export const restorePartition = async (
  kafka: Kafka,
  codec: TopicCodec<LifecycleState>,
  name: string,
  partition: number,
  model: { readonly version: string; readonly stateSize: number },
  metrics: number,
): Promise<Restored> => {
  const state = new KeyedState(model.stateSize);
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
      else load(state, record, model);
    }
  }
  await tail.close();
  const joined = {
    control: own?.controlOffset ?? 0,
    credentials: own?.credentialsOffset ?? 0,
    labels: own?.labelsOffset ?? 0,
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
    },
    start: own?.rewindOffset ?? 0,
    replayBefore: own?.processedOffset ?? 0,
    subjects: state.size,
  };
};

const load = (
  state: KeyedState,
  record: LifecycleState,
  model: { readonly version: string; readonly stateSize: number },
) => {
  const slot = state.slotOf(record.subject);
  state.closedThrough[slot] = record.closedThrough;
  state.ttlMs[slot] = record.ttlMs;
  state.changedAt[slot] = record.changedAt;
  state.strikes[slot] = record.strikes;
  state.streak[slot] = record.streak;
  state.branch[slot] = Math.max(0, branches.indexOf(record.branch as never));
  state.flags[slot] = record.flags & (flag.revoked | flag.silent | flag.registered | flag.shadow);
  if (record.budget.length > 0) state.budget.set(slot, [...record.budget]);
  else state.budget.delete(slot);
  const bytes = record.model;
  const from = slot * model.stateSize;
  if (record.modelVersion === model.version && bytes.length === model.stateSize * 4)
    state.model.set(new Float32Array(new Uint8Array(bytes).buffer), from);
  else state.model.fill(0, from, from + model.stateSize);
};
