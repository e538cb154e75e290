import type { Credential, Decision, Effect } from '../schemas/generated/index.ts';
import { eventTypes, type RiskLevel, type SecurityEvent } from '../schemas/securityEvents.ts';

/** From which risk on a level holds, 0 to 100. */
export interface RiskLevels {
  readonly medium: number;
  readonly high: number;
}

const credentialTypes: Readonly<Record<Credential['kind'], string | undefined>> = {
  token: undefined,
  unknown: undefined,
  lease: 'password',
  certificate: 'x509',
  key: 'app',
};

/**
 * What an effect means to others: a revocation that Vault has carried out ends a session, and where the credential is
 * more than a session (a certificate, a key, a database account), it has changed.
 *
 * Source: OpenID CAEP 1.0, sections 3.1 and 3.3
 *
 * @param credential - as the register has it; undefined where it has none
 */
export const eventsOfEffect = (effect: Effect, credential: Credential | undefined): readonly SecurityEvent[] => {
  if (effect.action !== 'revoke' || effect.outcome !== 'enforced') return [];
  const common = {
    event_timestamp: Math.floor(effect.appliedAt / 1000),
    initiating_entity: 'policy',
    reason_admin: { en: `Ebbtide's ${effect.pipeline} pipeline revoked the credential` },
  };
  const event = { txn: effect.decisionId, subject: effect.subject };
  const revoked: SecurityEvent = { ...event, type: eventTypes.sessionRevoked, claims: common };
  const credentialType = credentialTypes[credential?.kind ?? 'unknown'];
  if (credentialType === undefined) return [revoked];
  const serial = credential?.kind === 'certificate' ? { x509_serial: credential.reference } : {};
  const claims = { credential_type: credentialType, change_type: 'revoke', ...serial, ...common };
  return [revoked, { ...event, type: eventTypes.credentialChange, claims }];
};

/** The level of a risk, 0 to 100. */
export const levelOf = (risk: number, { medium, high }: RiskLevels): RiskLevel =>
  risk >= high ? 'HIGH' : risk >= medium ? 'MEDIUM' : 'LOW';

/**
 * What a decision by risk means to others: the subject's level has changed. Decisions by score tell nothing of risk.
 *
 * Source: OpenID CAEP 1.0, section 3.8
 *
 * @param before - the level that was told last; undefined where none was
 */
export const eventOfDecision = (
  decision: Decision,
  before: RiskLevel | undefined,
  levels: RiskLevels,
): SecurityEvent | undefined => {
  if (decision.pipeline !== 'scope') return undefined;
  const level = levelOf(decision.risk, levels);
  // Whoever was told nothing takes a subject for harmless
  if (level === (before ?? 'LOW')) return undefined;
  return {
    txn: decision.decisionId,
    type: eventTypes.riskLevelChange,
    subject: decision.subject,
    claims: {
      current_level: level,
      ...(before === undefined ? {} : { previous_level: before }),
      principal: 'SESSION',
      risk_reason: decision.reason,
      event_timestamp: Math.floor(decision.windowEnd / 1000),
      initiating_entity: 'policy',
      reason_admin: { en: decision.reason },
    },
  };
};
