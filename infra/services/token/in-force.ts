import type { Controls } from '../../../operators/actuate/controls.ts';
import type { Credential, Decision, Effect } from '../../../schemas/generated/index.ts';

/** What was last decided about a credential, and is to be enforced. */
export interface InForce {
  readonly action: Decision['action'];
  /** TTL in force, milliseconds. */
  readonly ttlMs: number;
}

/** The TTL in force of each credential, from decisions to be enforced and from what the actuator did on its own. */
export class DecisionsInForce {
  readonly #last = new Map<string, InForce & { readonly windowEnd: number; readonly pipeline: string }>();
  readonly #controls: Controls;
  readonly #now: () => number;

  constructor(controls: Controls, now: () => number) {
    this.#controls = controls;
    this.#now = now;
  }

  decided(decision: Decision): void {
    const { subject, action, windowEnd, newTtlMs: ttlMs, pipeline } = decision;
    if (decision.mode !== 'enforce' || decision.withheld !== '' || action === 'unknown' || action === 'restore') return;
    const known = this.#last.get(subject);
    if (known && (known.action === 'revoke' || (known.windowEnd > windowEnd && action !== 'revoke'))) return;
    this.#last.set(subject, { action, ttlMs, windowEnd, pipeline });
  }

  /** A revocation counts however it came about: a revived credential is revoked without a decision. */
  effected({ subject, action, outcome, pipeline }: Effect): void {
    if (action === 'revoke' && outcome === 'enforced')
      this.#last.set(subject, { action, ttlMs: 0, windowEnd: Number.POSITIVE_INFINITY, pipeline });
  }

  forget(subject: string): void {
    this.#last.delete(subject);
  }

  /** While the kill switch is on, or the mode is shadow, only what is irreversible counts. */
  of(credential: Credential): InForce {
    const issued: InForce = { action: 'keep', ttlMs: credential.ttlMs };
    const last = this.#last.get(credential.credentialId);
    if (!last) return issued;
    if (last.windowEnd === Number.POSITIVE_INFINITY) return last;
    const { pipeline } = last;
    const now = this.#now();
    const suspended =
      this.#controls.killed(pipeline, credential.credentialId, now) ||
      this.#controls.mode(pipeline, credential.credentialId, now) === 'shadow';
    return suspended ? issued : { action: last.action, ttlMs: Math.min(last.ttlMs, credential.maxTtlMs) };
  }
}
