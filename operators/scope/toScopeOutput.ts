import { map, type OperatorFunction } from 'rxjs';
import type { Alert, DeadLetter, Decision, ScopeOverride, ScopeState, Score } from '../../schemas/generated/index.ts';
import type { OutputBatch, OutputRecord } from '../batch.ts';
import { deadLetterOf } from '../deadLetter.ts';
import { type Encoder, joinedAt, partitionKey } from '../toOutput.ts';
import type { PartitionTime } from '../windowByKey.ts';
import type { ScopeBatch } from './batch.ts';
import { type Credentials, noScopeState, recordOf } from './credentials.ts';

/** Encoders of all that the scope pipeline writes. */
export interface ScopeEncoders {
  readonly scores: Encoder<Score>;
  readonly decisions: Encoder<Decision>;
  readonly overrides: Encoder<ScopeOverride>;
  readonly alerts: Encoder<Alert>;
  readonly deadLetters: Encoder<DeadLetter>;
  readonly state: Encoder<ScopeState>;
}

/** Where a partition of API telemetry stands. */
export interface ScopePartition {
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  readonly credentials: Credentials;
  readonly time: PartitionTime;
  /** Times of the partition's narrowings, oldest first. */
  readonly budget: number[];
}

/**
 * Turn a decided batch into the records of its transaction: scores, decisions, overrides, alerts, dead letters, and the
 * changelog: the state of every touched credential, and from where on the rest is rebuilt from the input.
 *
 * Of messages that are read again to rebuild state nothing is written.
 */
export const toScopeOutput = (
  { name, topic, partition, credentials, time, budget }: ScopePartition,
  encoders: ScopeEncoders,
): OperatorFunction<ScopeBatch, OutputBatch> => {
  const keyed = <T extends { readonly subject: string }>(encoder: Encoder<T>, record: T): OutputRecord => ({
    topic: encoder.topic.name,
    key: record.subject,
    value: encoder.encode(record),
  });

  const saveCredential = (subject: string, next: number): OutputRecord[] => {
    const one = credentials.find(subject);
    if (!one) return [];
    one.neededFrom = Number.POSITIVE_INFINITY;
    return [keyed(encoders.state, recordOf(one, next))];
  };

  const savePartition = (next: number): OutputRecord => {
    const rewind = credentials.rewind() ?? { offset: next, time: time.now };
    const joined = joinedAt(time, rewind.offset);
    const record: ScopeState = {
      ...noScopeState,
      processedOffset: next,
      rewindOffset: rewind.offset,
      rewindTime: rewind.time,
      controlOffset: joined.control,
      labelsOffset: joined.labels,
      modelSequence: joined.models ?? 0,
      budget,
    };
    return { topic: encoders.state.topic.name, key: partitionKey, value: encoders.state.encode(record) };
  };

  return map((batch) => {
    const { messages, replayBefore, rejected } = batch.source;
    const next = (messages.at(-1)?.offset ?? -1) + 1;
    if (next <= replayBefore) return { records: [], next };
    const records: OutputRecord[] = [
      ...batch.scores.map((score) => keyed(encoders.scores, score)),
      ...batch.decisions.map((decision) => keyed(encoders.decisions, decision)),
      ...batch.overrides.map(({ subject, override }) => ({
        topic: encoders.overrides.topic.name,
        key: subject,
        value: override && encoders.overrides.encode(override),
      })),
      ...batch.alerts.map((alert) => keyed(encoders.alerts, alert)),
      ...rejected.map(({ message, error }) => ({
        topic: encoders.deadLetters.topic.name,
        key: topic,
        value: encoders.deadLetters.encode(deadLetterOf({ topic, partition, ...message }, error, name)),
      })),
    ];
    for (const subject of batch.forgotten) {
      records.push({ topic: encoders.state.topic.name, key: subject, value: null });
      credentials.remove(subject);
    }
    for (const subject of batch.touched) records.push(...saveCredential(subject, next));
    records.push(savePartition(next));
    return { records, next };
  });
};
