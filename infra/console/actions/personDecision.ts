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
 */
export const personDecision = (person: Person, wish: PersonWish, at: number): Decision => ({
  decisionId: `${personPipeline}/${wish.subject}/${at}`,
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
