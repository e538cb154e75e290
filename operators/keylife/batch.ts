import type { BehaviourClock, Decision, KeyIssued } from '../../schemas/generated/index.ts';
import type { InputBatch, InputMessage, Rejected } from '../batch.ts';
import type { BehaviourEvent, FollowedBehaviour } from '../behaviour.ts';

/** What one message of `telemetry.biometric` says. */
export type KeylifeItem = { readonly message: InputMessage } & (
  | {
      readonly kind: 'behaviour';
      readonly event: BehaviourEvent;
      /** Name of the batch that it came in; empty where nobody said. */
      readonly batch: string;
      /** Its place there, from 0. */
      readonly place: number;
    }
  | {
      readonly kind: 'issued';
      readonly user: string;
      readonly session: string;
      readonly time: number;
      readonly issued: KeyIssued;
    }
  | { readonly kind: 'clock'; readonly clock: BehaviourClock }
);

/** A batch of behaviour. */
export interface KeylifeBatch extends InputBatch {
  /** In the order of messages; those that were rejected, or whose user was erased, are not among them. */
  readonly items: readonly KeylifeItem[];
  /** Clock records by index of their message. */
  readonly clocks: ReadonlyMap<number, BehaviourClock>;
  readonly rejected: Rejected[];
}

/** A burst that was followed, the key that its session had, and what was decided. */
export interface KeylifeOutcome {
  readonly event: FollowedBehaviour;
  readonly credentialId: string;
  /** Version of the model that compared it. */
  readonly modelVersion: string;
  /** Undefined where the key's life stays. */
  readonly decision: Decision | undefined;
}

/** What came of a batch. */
export interface FollowedBatch {
  readonly source: KeylifeBatch;
  readonly outcomes: readonly KeylifeOutcome[];
  /** Sessions and users whose state has to be saved, and those that are forgotten, as keys of the changelog. */
  readonly touched: ReadonlySet<string>;
  readonly forgotten: readonly string[];
}

/** Counts of what the pipeline saw; the caller reads and resets them. */
export interface KeylifeCounts {
  bursts: number;
  faulty: number;
  erased: number;
  /** Bursts that had come before. */
  repeated: number;
  rejected: number;
  cut: number;
}

/** All at nothing. */
export const noKeylifeCounts = (): KeylifeCounts => ({
  bursts: 0,
  faulty: 0,
  erased: 0,
  repeated: 0,
  rejected: 0,
  cut: 0,
});
