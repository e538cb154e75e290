import type { GuardedForecast } from '../../models/access/guarded.ts';
import type { AccessEvent } from '../../models/access/history.ts';
import type { AccessClock } from '../../schemas/generated/index.ts';
import type { PreprovisionPolicy } from '../../schemas/preprovisionPolicy.ts';
import type { InputBatch, InputMessage, Rejected } from '../batch.ts';
import type { MachineStanding } from './partitionState.ts';
import type { PreprovisionOutcome } from './preprovisionRule.ts';
import type { GateOutcome } from './riskGate.ts';

/** Whether it comes of a message that is read again to rebuild state: nothing is written of it. */
interface Replayable {
  readonly replayed?: boolean;
}

/** What travels down the chain, in the order of the partition: something that happened, or the time. */
export type AccessItem = Replayable &
  (
    | { readonly kind: 'event'; readonly pair: string; readonly event: AccessEvent; readonly message: InputMessage }
    /** A change of a machine's state; it concerns every pair with it. */
    | { readonly kind: 'machine'; readonly vm: string; readonly event: AccessEvent; readonly message: InputMessage }
    /** Event time, and how far joined topics are in force from here on. */
    | { readonly kind: 'clock'; readonly clock: AccessClock }
  );

/** Items of one partition that travel together. */
export interface AccessBatch {
  readonly source: InputBatch;
  readonly items: readonly AccessItem[];
  readonly rejected: readonly Rejected[];
}

/** What follows from items, in their order: decisions are made of these alone, so batches do not matter. */
export type DueItem = Replayable &
  /** Event time has come so far. */
  (
    | {
        readonly kind: 'time';
        readonly timeMs: number;
        readonly clock: AccessClock;
        /** Model in force from here on; empty for the statistics. */
        readonly modelVersion: string;
      }
    /** An hour began: what is expected of a pair from its beginning on. */
    | {
        readonly kind: 'forecast';
        readonly pair: string;
        readonly timeMs: number;
        readonly forecast: GuardedForecast;
        /** State of the pair's machine, null where none was told. */
        readonly vmState: string | null;
      }
    /** A pair came. */
    | { readonly kind: 'came'; readonly pair: string; readonly timeMs: number }
  );

/** A machine is in another state than was known. */
export interface MachineChange extends MachineStanding {
  readonly vm: string;
}

export interface DueBatch extends AccessBatch {
  readonly machines: readonly MachineChange[];
  readonly due: readonly DueItem[];
}

/** One decision on a pair. */
export interface PreprovisionDecision extends Replayable {
  readonly action: 'prepare' | 'withhold' | 'used' | 'end';
  readonly pair: string;
  /** Event time, epoch milliseconds. */
  readonly timeMs: number;
  /** End of the window, and of the life of what is prepared; epoch milliseconds. */
  readonly untilMs: number;
  /** Why; empty for what was weighed and found worth it. */
  readonly reason: string;
  /** In force when it was decided. */
  readonly policy: PreprovisionPolicy;
  /** In force when it was decided; empty for the statistics. */
  readonly modelVersion: string;
  /** Absent for a use and an end. */
  readonly weighed?: PreprovisionOutcome;
  readonly gate?: GateOutcome;
}

export interface PreprovisionBatch extends DueBatch {
  readonly decisions: readonly PreprovisionDecision[];
}
