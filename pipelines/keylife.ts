import { type OperatorFunction, pipe } from 'rxjs';
import { awaitJoined } from '../operators/awaitJoined.ts';
import type { InputBatch, OutputBatch } from '../operators/batch.ts';
import type { KeylifeBatch } from '../operators/keylife/batch.ts';
import { type BehaviourDecoding, decodeBehaviour } from '../operators/keylife/decodeBehaviour.ts';
import { type FollowTask, followKeys } from '../operators/keylife/followKeys.ts';
import { type KeylifeEncoders, toKeylifeOutput } from '../operators/keylife/toKeylifeOutput.ts';
import type { BehaviourClock } from '../schemas/generated/index.ts';

/** What the keylife pipeline works with on one partition of `telemetry.biometric`. */
export interface KeylifeTask extends FollowTask {
  readonly decoding: BehaviourDecoding;
  /** Resolves once the joined topics were read as far as a clock record says, and its models are there. */
  reached(clock: BehaviourClock): Promise<void> | undefined;
  readonly encoders: KeylifeEncoders;
}

/**
 * Key lifespans after issue: behaviour and issued keys in; scores, decisions that cut a key's life, alerts and the
 * changelog out.
 */
export const keylife = (task: KeylifeTask): OperatorFunction<InputBatch, OutputBatch> =>
  pipe(
    decodeBehaviour(task.decoding, task.counts),
    awaitJoined<BehaviourClock, KeylifeBatch>((clock) => task.reached(clock)),
    followKeys(task),
    toKeylifeOutput(task.partition, task.encoders),
  );
