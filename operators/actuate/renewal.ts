import type { Credential, Effect } from '../../schemas/generated/index.ts';

const prefix = 'renewal/';

/** Whether an effect is a renewal that a holder asked for, rather than what became of a decision. */
export const isRenewal = ({ decisionId }: Pick<Effect, 'decisionId'>): boolean => decisionId.startsWith(prefix);

/**
 * The effect of a renewal that a holder asked for, within what the current decision grants.
 *
 * @param ttlMs - TTL that the current decision grants, milliseconds
 * @param life - what Vault then said, milliseconds
 * @param latencyMs - how long Vault took, milliseconds
 * @param at - when, epoch milliseconds
 * @example
 * isRenewal(renewalEffect(credential, 60_000, { remainingMs: 60_000, expiresAt: at + 60_000 }, 3, at)); // true
 */
export const renewalEffect = (
  { credentialId }: Pick<Credential, 'credentialId'>,
  ttlMs: number,
  life: Pick<Effect, 'remainingMs' | 'expiresAt' | 'detail'>,
  latencyMs: number,
  at: number,
): Effect => ({
  decisionId: `${prefix}${credentialId}/${at}`,
  subject: credentialId,
  pipeline: 'token',
  action: 'extend',
  outcome: 'enforced',
  detail: life.detail,
  skipped: '',
  requestedTtlMs: ttlMs,
  remainingMs: life.remainingMs === null ? null : Math.max(0, Math.round(life.remainingMs)),
  expiresAt: life.expiresAt === null ? null : Math.round(life.expiresAt),
  status: 200,
  attempts: 1,
  latencyMs,
  appliedAt: at,
});
