import { map, type OperatorFunction } from 'rxjs';
import type { Alert, DeadLetter, Decision, KeylifeState, Score } from '../../schemas/generated/index.ts';
import type { OutputBatch, OutputRecord } from '../batch.ts';
import { deadLetterOf } from '../deadLetter.ts';
import { type Encoder, partitionKey } from '../toOutput.ts';
import type { FollowedBatch } from './batch.ts';
import { cutAlert, keylifeScore } from './decideCut.ts';
import { type KeylifePartition, keylifeRecord, noKeylifeState } from './sessions.ts';

/** Encoders of all that the keylife pipeline writes. */
export interface KeylifeEncoders {
  readonly scores: Encoder<Score>;
  readonly decisions: Encoder<Decision>;
  readonly alerts: Encoder<Alert>;
  readonly deadLetters: Encoder<DeadLetter>;
  readonly state: Encoder<KeylifeState>;
}

/**
 * Turn what was followed into the records of one transaction: scores, decisions, alerts, dead letters and the changelog.
 * The changelog covers all that was processed, so that a restart goes on where the last transaction ended.
 */
export const toKeylifeOutput = (
  held: KeylifePartition,
  encoders: KeylifeEncoders,
): OperatorFunction<FollowedBatch, OutputBatch> => {
  const { name, topic, partition } = held;
  const keyed = <T extends { readonly subject: string }>(encoder: Encoder<T>, record: T, key = record.subject) => ({
    topic: encoder.topic.name,
    key,
    value: encoder.encode(record),
  });
  const gone = (key: string): OutputRecord => ({ topic: encoders.state.topic.name, key, value: null });
  return map(({ source, outcomes, touched, forgotten }) => {
    const next = (source.messages.at(-1)?.offset ?? -1) + 1;
    const decisions = outcomes.flatMap(({ decision }) => decision ?? []);
    const { now: time, controlOffset, baselinesOffset, modelSequence } = held;
    const records: OutputRecord[] = [
      ...outcomes.map((outcome) => keyed(encoders.scores, keylifeScore(outcome, name))),
      ...decisions.map((decision) => keyed(encoders.decisions, decision)),
      ...decisions.map((decision) => keyed(encoders.alerts, cutAlert(decision))),
      ...source.rejected.map(({ message, error }) => ({
        topic: encoders.deadLetters.topic.name,
        key: topic,
        value: encoders.deadLetters.encode(deadLetterOf({ topic, partition, ...message }, error, name)),
      })),
      ...[...touched].map((key) => {
        const record = keylifeRecord(held, key);
        return record ? keyed(encoders.state, record) : gone(key);
      }),
      ...forgotten.map(gone),
      keyed(
        encoders.state,
        { ...noKeylifeState, processedOffset: next, time, controlOffset, baselinesOffset, modelSequence },
        partitionKey,
      ),
    ];
    return { records, next };
  });
};
