import { map, type OperatorFunction } from 'rxjs';
import { hourMs } from '../../models/access/calendar.ts';
import { vmStates } from '../../models/access/history.ts';
import type { DeadLetter, Machine, PreprovisionState as StateRecord } from '../../schemas/generated/index.ts';
import type { OutputBatch, OutputRecord } from '../batch.ts';
import { deadLetterOf } from '../deadLetter.ts';
import type { Encoder } from '../toOutput.ts';
import type { PreprovisionBatch, PreprovisionDecision } from './batch.ts';
import type { PreprovisionState, SavedPartition } from './partitionState.ts';

/** Key of the partition's own record in the changelog. */
export const partitionKey = '@partition';
/** Key of the record that says how far telemetry was processed: what comes before was written. */
export const positionKey = '@position';
/** What keys of machines' records begin with: pairs are joined by a zero byte, and no user is called so. */
const machineKey = '@machine/';
/** Layout of the changelog's records that this code writes and reads. */
export const stateVersion = 1;
/** Hours from one snapshot to the next: of what is read again after a restart. */
const snapshotHours = 6;

/** What the pipeline writes with. */
export interface PreprovisionEncoders {
  readonly state: Encoder<StateRecord>;
  readonly deadLetters: Encoder<DeadLetter>;
  readonly machines: Encoder<Machine>;
  /** The records of one decision, such as one of topic `provisions`. */
  decision(decision: PreprovisionDecision): readonly OutputRecord[];
}

/** Where a partition stands, for its changelog. */
export interface PreprovisionPartition {
  readonly pipeline: string;
  readonly topic: string;
  readonly partition: number;
  readonly state: PreprovisionState;
}

const blank = {
  version: stateVersion,
  floats: Buffer.alloc(0),
  modelVersion: '',
  preparedUntil: 0,
  vmState: null,
  vmSince: 0,
  hour: 0,
  processedOffset: 0,
  controlOffset: 0,
  scoresOffset: 0,
  modelSequence: 0,
  budget: [],
};

const bytesOf = (floats: Float32Array): Buffer => Buffer.from(Float32Array.from(floats).buffer);
const floatsOf = (bytes: Uint8Array): Float32Array => new Float32Array(Uint8Array.from(bytes).buffer);

/** A snapshot as records of the changelog. */
export const snapshotRecords = (
  { hour, shared, pairs, machines, clock, budget, modelVersion }: SavedPartition,
  processedOffset: number,
): StateRecord[] => {
  return [
    ...pairs.map(({ pair, floats, preparedUntilMs }) => ({
      ...blank,
      pair,
      modelVersion,
      floats: bytesOf(floats),
      preparedUntil: preparedUntilMs,
    })),
    ...[...machines].map(([vm, { state, sinceMs }]) => ({
      ...blank,
      pair: machineKey + vm,
      vmState: state,
      vmSince: sinceMs,
    })),
    {
      ...blank,
      pair: '',
      modelVersion,
      floats: bytesOf(shared),
      hour,
      processedOffset,
      controlOffset: clock.controlOffset,
      scoresOffset: clock.scoresOffset,
      modelSequence: clock.modelSequence,
      budget: [...budget],
    },
  ];
};

/** The snapshot that records of the changelog hold, and the offset from which telemetry is read again. */
export const savedOf = (
  records: Iterable<StateRecord>,
): { readonly saved: SavedPartition; readonly processedOffset: number } | undefined => {
  const all = [...records];
  const own = all.find(({ pair }) => pair === '');
  if (!own) return undefined;
  return {
    saved: {
      hour: own.hour,
      shared: floatsOf(own.floats),
      pairs: all
        .filter(({ pair, vmState }) => pair !== '' && pair !== positionKey && vmState === null)
        .map(({ pair, floats, preparedUntil }) => ({ pair, floats: floatsOf(floats), preparedUntilMs: preparedUntil })),
      machines: new Map(
        all.flatMap(({ pair, vmState, vmSince }) => {
          const known = vmStates.find((name) => name === vmState);
          return known ? [[pair.slice(machineKey.length), { state: known, sinceMs: vmSince }] as const] : [];
        }),
      ),
      clock: {
        time: own.hour * hourMs,
        controlOffset: own.controlOffset,
        scoresOffset: own.scoresOffset,
        modelSequence: own.modelSequence,
      },
      modelVersion: own.modelVersion,
      budget: own.budget,
    },
    processedOffset: own.processedOffset,
  };
};

/**
 * Turn decisions into the records of their transaction: decisions, dead letters, and every few hours a snapshot of the
 * partition. What follows a snapshot is read again after a restart, and nothing is written of it: it was written before.
 */
export const toPreprovisionOutput = (
  { pipeline, topic, partition, state }: PreprovisionPartition,
  encoders: PreprovisionEncoders,
): OperatorFunction<PreprovisionBatch, OutputBatch> => {
  let savedHour = state.population.hour;
  return map(({ source, rejected, decisions, machines }) => {
    const next = (source.messages.at(-1)?.offset ?? -1) + 1;
    const records: OutputRecord[] = decisions
      .filter(({ replayed }) => !replayed)
      .flatMap((decision) => encoders.decision(decision));
    for (const { message, error } of rejected)
      records.push({
        topic: encoders.deadLetters.topic.name,
        key: topic,
        value: encoders.deadLetters.encode(deadLetterOf({ ...message, topic, partition }, error, pipeline)),
      });
    for (const { vm, state: to, sinceMs } of machines)
      records.push({
        topic: encoders.machines.topic.name,
        key: vm,
        value: encoders.machines.encode({ vm, state: to, at: sinceMs }),
        byKey: true,
      });
    const write = (record: StateRecord) =>
      records.push({
        topic: encoders.state.topic.name,
        key: record.pair || partitionKey,
        value: encoders.state.encode(record),
      });
    if (next > source.replayBefore) write({ ...blank, pair: positionKey, processedOffset: next });
    // Before the first clock record a partition is only being filled
    if (next > source.replayBefore && state.clock.time > 0 && state.population.hour - savedHour >= snapshotHours) {
      savedHour = state.population.hour;
      for (const record of snapshotRecords(state.save(), next)) write(record);
    }
    return { records, next };
  });
};
