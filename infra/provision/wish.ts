import type { Provision } from '../../schemas/generated/index.ts';
import type { Pair } from './names.ts';
import { blankProvision } from './records.ts';

/** What a pipeline wants of the engine; times in epoch milliseconds. */
export interface Wish extends Pair {
  /** Whether it wants a credential to lie ready, or takes that back. */
  readonly wanted: boolean;
  /** The same for the same decision, however often it is written: the engine carries it out once. */
  readonly decisionId: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  /** Probability of a request in the window, 0 to 1. */
  readonly probability: number;
  readonly predictedAt: number | null;
  /** Expected waiting saved and time that the secret lies unused, milliseconds: what was weighed. */
  readonly waitSavedMs: number;
  readonly exposureMs: number;
  /** 0 to 100. */
  readonly risk: number;
  /** When it was decided. */
  readonly at: number;
  readonly by: string;
}

/** The record by which a pipeline hands its decision to the engine; written only where the decision is to be enforced. */
export const wishRecord = ({ wanted, user, vm, at, by, ...rest }: Wish): Provision => ({
  ...blankProvision({ user, vm }, at, by),
  ...rest,
  state: wanted ? 'wanted' : 'unwanted',
});
