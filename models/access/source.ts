import type { TimeRange } from '../training/telemetry/source.ts';
import type { PairEvent } from './population.ts';

/** Accesses to learn from, read as a stream, twice: once for who is there, once for what those chosen did. */
export interface AccessSource {
  /** Where they come from, for the model's lineage. */
  readonly lineage: Readonly<Record<string, unknown>>;
  /** Tell of every hour in which a pair had accesses; may repeat one. */
  activity(range: TimeRange, visit: (pair: string, hour: number) => void, signal?: AbortSignal): Promise<void>;
  /** Give everything that some pairs did, in whatever order. */
  events(
    range: TimeRange,
    pairs: ReadonlySet<string>,
    visit: (event: PairEvent) => void,
    signal?: AbortSignal,
  ): Promise<void>;
}
