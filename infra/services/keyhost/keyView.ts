import type { Person } from '../../../models/biometric/index.ts';
import { uncalibratedOf } from '../../../models/biometric/summary.ts';
import type { Authentication } from '../../../schemas/generated/index.ts';

/** A key as the endpoint gets it. */
export interface KeyView {
  readonly credentialId: string;
  readonly session: string;
  readonly reason: string;
  readonly faults: readonly string[];
  /** Log odds that each verifier added to those of the risk; those of an impostor are above 0. */
  readonly parts: Readonly<Record<string, number>>;
  /** Verifiers of {@link parts} that were calibrated on nobody: alone they earn no longer life than the unknown get. */
  readonly uncalibrated: readonly string[];
  /** Samples that were enrolled before, by modality. */
  readonly enrolled: Readonly<Record<string, number>>;
  /** From 0 to 1. */
  readonly risk: number;
  /** Milliseconds from the decision on. */
  readonly lifespanMs: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** A key as it is by now. */
export interface KeyStatus extends KeyView {
  /** `cut`: it is to be replaced by a shorter one, see `Provisioner.reissue`. */
  readonly state: 'active' | 'cut' | 'ended';
  /** Samples that are enrolled by now, by modality. */
  readonly enrolled: Readonly<Record<string, number>>;
}

/** Samples of a person's anchor, by modality. */
export const enrolledOf = (person: Person | undefined): Record<string, number> =>
  Object.fromEntries([...(person ?? [])].map(([name, { anchor, features }]) => [name, anchor.length / features]));

/** What an endpoint is told of an authentication. */
export const viewOf = (authentication: Authentication): KeyView => {
  const { credentialId, session, reason, faults, parts, enrolled, risk, decidedAt, expiresAt } = authentication;
  const lifespanMs = expiresAt - decidedAt;
  const uncalibrated = uncalibratedOf(Object.keys(parts));
  return { credentialId, session, reason, faults, parts, uncalibrated, enrolled, risk, lifespanMs, expiresAt };
};
