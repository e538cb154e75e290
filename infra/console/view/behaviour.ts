import type { LifespanRule } from '../../../models/biometric/lifespan.ts';

/** One sign-in of the page's user, as the key host decided it. */
export interface SignInView {
  readonly credentialId: string;
  /** Serial number of the certificate that was issued. */
  readonly serial: string;
  /** When, epoch milliseconds. */
  readonly at: number;
  /** Why the lifespan is what it is, in the key host's word. */
  readonly reason: string;
  readonly faults: readonly string[];
  /** From 0 to 1. */
  readonly risk: number;
  /** Log odds that each verifier added to those of the risk; above 0 speaks for another person. */
  readonly parts: Readonly<Record<string, number>>;
  readonly lifespanMs: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** How the latest key is by now: the keylife pipeline goes on watching its session. */
export interface KeyNow {
  readonly credentialId: string;
  readonly state: 'active' | 'cut' | 'ended';
  /** Risk of the session, from 0 to 1. */
  readonly risk: number;
}

/** What the page about behaviour shows of its user. */
export interface BehaviourView {
  /** Samples of a phrase that are known of the user, and how many it takes to compare. */
  readonly enrolled: number;
  readonly enrolment: number;
  readonly rule: LifespanRule;
  /** Samples that are known by now, and how many it takes to compare, by what is compared after signing in. */
  readonly learned: readonly { readonly modality: string; readonly known: number; readonly needed: number }[];
  /** Verifiers that were calibrated on nobody. */
  readonly uncalibrated: readonly string[];
  /** The latest last. */
  readonly signIns: readonly SignInView[];
  /** Undefined before the first key. */
  readonly key?: KeyNow;
}
