import type { MessageHeaders } from '../infra/kafka/types.ts';
import type { EbbtideError } from '../schemas/errors.ts';
import type { Alert, Clock, Contribution, Decision } from '../schemas/generated/index.ts';
import type { SampleTable } from '../schemas/samples.ts';

/** A message of a partition, as an operator sees it. */
export interface InputMessage {
  readonly offset: number;
  /** Broker's timestamp, epoch milliseconds. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Absent where it has none. */
  readonly headers?: MessageHeaders | undefined;
}

/**
 * Messages of one partition that travel down a chain together. Every batch that enters a chain leaves it as exactly
 * one batch, so that what leaves is the acknowledgement of what entered, and nothing queues.
 */
export interface InputBatch {
  readonly messages: readonly InputMessage[];
  /** Messages before this offset are read again to rebuild state: what comes of them was written before. */
  readonly replayBefore: number;
}

/** A message that could not be processed, or not all of it. */
export interface Rejected {
  readonly message: InputMessage;
  readonly error: EbbtideError;
}

/** A batch whose samples lie in one table. */
export interface DecodedBatch extends InputBatch {
  /** Subject of each message; empty for clock records and for messages that were rejected. */
  readonly subjects: readonly string[];
  /** First row of each message; its rows end where those of the next begin. One entry more than messages. */
  readonly firstRow: readonly number[];
  readonly samples: SampleTable;
  /** Clock records by index of their message. */
  readonly clocks: ReadonlyMap<number, Clock>;
  readonly rejected: Rejected[];
  /** Samples that were left out because of a value, in messages that were not processed before. */
  readonly refusedSamples: number;
}

/** A window that closed, or a subject that fell silent. */
export interface WindowEvent {
  readonly kind: 'window' | 'silence';
  readonly subject: string;
  /** Row of the subject in the keyed state. */
  readonly slot: number;
  readonly windowStart: number;
  readonly windowEnd: number;
  /** Event time since the subject's last window ended (its own length where it is the first), milliseconds. */
  readonly elapsedMs: number;
  /** Samples in the window, 0 for silence. */
  readonly samples: number;
  /** The partition's event time at which it closed, epoch milliseconds. */
  readonly time: number;
  /** Whether it comes of a message before `replayBefore`. */
  readonly replayed: boolean;
  /** Ends of what was in force of the joined topics. */
  readonly joined: Joined;
}

/** How far each joined topic is in force: offsets of the first record that is not. */
export interface Joined {
  readonly control: number;
  readonly credentials: number;
  readonly labels: number;
  /** Sequence of the pointer that says which models score; 0 or absent is none: the configured model. */
  readonly models?: number;
}

/** Windows in the order in which they closed. */
export interface WindowedBatch {
  readonly source: DecodedBatch;
  readonly events: readonly WindowEvent[];
  /** Per event, five numbers a metric: count, sum, sum of squares, minimum, maximum. */
  readonly aggregates: Float64Array;
  /** Subjects whose windows have to be saved, though nothing closed. */
  readonly idle: readonly number[];
  /** Subjects that were silent for so long that their state is dropped once this batch is through. */
  readonly forgotten: readonly string[];
}

export interface FeaturizedBatch extends WindowedBatch {
  /** Per event, `spec.size` features; NaN where missing. */
  readonly vectors: Float32Array;
}

/** What a model says of one window. */
export interface WindowScore {
  readonly score: number;
  readonly severity: number;
  readonly frequency: number;
  readonly pValue: number;
  readonly statistic: number;
  readonly learning: boolean;
  readonly contributions: Contribution[];
  /** Each feature's part in the statistic, from `partsFrom` on; absent where the model does not say. */
  readonly parts?: Float32Array | undefined;
  /** @default 0 */
  readonly partsFrom?: number;
  /** Distance above the subject's anchor in limits, above 1 where it has strayed, and the feature it is of. */
  readonly strayed?: number | undefined;
  readonly strayedFeature?: string | undefined;
  /** Whether the window alarms by the policy's promise; absent where the policy makes none. */
  readonly alarm?: boolean;
}

/** A score that decides nothing. */
export interface Challenge {
  readonly modelVersion: string;
  readonly score: WindowScore;
}

export interface ScoredBatch extends FeaturizedBatch {
  /** Per event; undefined for silence. */
  readonly scores: readonly (WindowScore | undefined)[];
  /** Per event, the version of the model that scored it. */
  readonly modelVersions: readonly string[];
  /** Per event, what a challenger made of it beside; nothing may come of it. */
  readonly challenges: readonly (Challenge | undefined)[];
  /** What people should hear of so far. */
  readonly alerts?: readonly Alert[];
}

export interface DecidedBatch extends ScoredBatch {
  readonly decisions: readonly Decision[];
  readonly alerts: readonly Alert[];
  /** Subjects whose state has to be saved with this batch, by slot. */
  readonly touched: ReadonlySet<number>;
}

/** A message to write, in the partition that the batch came from unless it says otherwise. */
export interface OutputRecord {
  readonly topic: string;
  readonly key: string | null;
  /** Framed Avro; null is a tombstone. */
  readonly value: Buffer | null;
  /** Whether it goes where its key's hash leads: what it is keyed by is not what the input is partitioned by. */
  readonly byKey?: true;
  readonly headers?: MessageHeaders | undefined;
}

/** What leaves a chain: everything that one transaction writes for a partition. */
export interface OutputBatch {
  readonly records: readonly OutputRecord[];
  /** First offset that was not processed. */
  readonly next: number;
}
