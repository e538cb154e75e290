import { personPipeline } from '../../../schemas/control.ts';
import type { Decision } from '../../../schemas/generated/index.ts';
import type { Person } from '../people/person.ts';

/** What a person decides about one credential. */
export interface PersonWish {
  readonly subject: string;
  readonly action: 'revoke' | 'extend';
  /** TTL in force before, as far as the register tells, milliseconds. */
  readonly oldTtlMs: number;
  /** Remaining life wanted, milliseconds; 0 to revoke. */
  readonly newTtlMs: number;
  readonly reason: string;
}

/** An extension that has waited so long for Vault is not what was meant any more. */
const extensionMs = 60_000;

/**
 * A person's decision, as the actuator takes it from topic `decisions`. It stands for itself, without a score.
 *
 * @param at - epoch milliseconds
 * @param nonce - tells it from others at the same time
 */
export const personDecision = (person: Person, wish: PersonWish, at: number, nonce: string): Decision => ({
  // Two people may decide in the same millisecond, and what has an identifier that was seen is not carried out again;
  // the actuator reads the end of the window at its end
  decisionId: `${personPipeline}/${wish.subject}/${nonce}/${at}`,
  subject: wish.subject,
  pipeline: personPipeline,
  action: wish.action,
  mode: 'enforce',
  withheld: '',
  oldTtlMs: wish.oldTtlMs,
  newTtlMs: wish.newTtlMs,
  oldScope: '',
  newScope: '',
  reason: `By ${person.name}${wish.reason === '' ? '' : `: ${wish.reason}`}`,
  score: 0,
  risk: 0,
  severity: 0,
  frequency: 0,
  features: [],
  strikes: 0,
  policyVersion: '',
  modelVersion: '',
  windowEnd: at,
  decidedAt: at,
  deadline: wish.action === 'extend' ? at + extensionMs : null,
});
