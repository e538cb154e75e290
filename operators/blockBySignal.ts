import type { Decision, ScopeOverride } from '../schemas/generated/index.ts';
import { builtInScope, signalsOverride } from '../schemas/scopes.ts';
import type { SecurityEventClaims } from '../schemas/securityEvents.ts';
import { decideBySignal, type SignalGround } from './decideBySignal.ts';

/** A decision to block a frontend credential, and the override that carries it out. */
export interface Block {
  readonly decision: Decision;
  /** Undefined where the decision is withheld. */
  readonly override: ScopeOverride | undefined;
}

/**
 * Block a frontend credential because another party says that its session has ended. The override stands beside the one
 * that behaviour has earned, which neither replaces nor lifts it.
 *
 * @param blockMs - how long, milliseconds
 */
export const blockBySignal = (
  frontendCredential: string,
  claims: SecurityEventClaims,
  ground: SignalGround,
  blockMs: number,
): Block => {
  const revoked = decideBySignal({ credentialId: frontendCredential, expiresAt: 0 }, claims, ground);
  const decision: Decision = {
    ...revoked,
    // The same name may be a credential of the register, with a decision of its own
    decisionId: `${revoked.decisionId}/scope`,
    action: 'narrow',
    newScope: builtInScope.blocked,
  };
  const { decisionId, reason, withheld, mode } = decision;
  if (withheld !== '') return { decision, override: undefined };
  return {
    decision,
    override: {
      frontendCredential: signalsOverride + frontendCredential,
      scope: decision.newScope,
      service: null,
      risk: 0,
      mode: mode === 'enforce' ? 'enforce' : 'shadow',
      expiresAt: ground.now + blockMs,
      decisionId,
      policyVersion: ground.policyVersion,
      reasons: [reason],
      at: ground.now,
    },
  };
};
