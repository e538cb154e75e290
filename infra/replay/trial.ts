import type { Observable } from 'rxjs';
import type { PolicyOf, PolicyPipeline } from '../../schemas/control.ts';
import type { PreviewView } from '../console/view/policy.ts';

/** A policy to try on what was. */
export interface TrialWish<Policy> {
  readonly policy: Policy;
  /** What it is compared with. */
  readonly inForce: Policy;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Ends it with `CANCELLED`. */
  readonly stopping: Observable<unknown>;
  readonly progressed: (done: number, all: number) => void;
}

/**
 * Tries a policy on the past, and puts nothing in force.
 *
 * @throws {EbbtideError} `DATA_MISSING` where the past holds nothing, `CANCELLED`, and what the archive failed with
 */
export type Trial<Policy> = (wish: TrialWish<Policy>) => Promise<PreviewView>;

/** The policies that can be tried, by pipeline. */
export type Trials = { readonly [P in PolicyPipeline]?: Trial<PolicyOf<P>> };
