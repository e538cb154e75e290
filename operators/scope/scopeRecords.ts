import type { RiskAssessment } from '../../models/scope/model.ts';
import type { Alert, Decision, ScopeOverride, Score } from '../../schemas/generated/index.ts';

/** What was assessed: a window, or a part of it before its end. */
export interface Assessed {
  readonly pipeline: string;
  readonly subject: string;
  readonly windowStart: number;
  /** End of the window, or the time of the last call of the part, epoch milliseconds. */
  readonly windowEnd: number;
  readonly calls: number;
  /** Whether the whole window is assessed. */
  readonly closed: boolean;
  /** Whether calls came since the assessment before. */
  readonly news: boolean;
  /** Risk that counts, with threat intelligence, 0 to 100. */
  readonly risk: number;
  /** What threat intelligence says, most important first. */
  readonly threats: readonly string[];
  readonly assessment: RiskAssessment | undefined;
  readonly modelVersion: string;
  /** The partition's event time, epoch milliseconds. */
  readonly time: number;
}

/** The record of a score. */
export const scoreRecord = ({ assessment, ...assessed }: Assessed & { assessment: RiskAssessment }): Score => ({
  subject: assessed.subject,
  pipeline: assessed.pipeline,
  windowStart: assessed.windowStart,
  windowEnd: assessed.windowEnd,
  samples: assessed.calls,
  score: assessed.risk / 100,
  risk: assessed.risk,
  severity: assessment.risk / 100,
  frequency: 0,
  pValue: assessment.pValue,
  statistic: assessment.statistic,
  learning: false,
  contributions: [...assessment.parts],
  modelVersion: assessed.modelVersion,
  role: 'champion',
});

/** What is decided of an assessment. */
export interface Settled {
  readonly action: 'narrow' | 'widen' | 'keep';
  readonly mode: Decision['mode'];
  readonly withheld: string;
  readonly oldScope: string;
  readonly newScope: string;
  readonly reason: string;
  readonly policyVersion: string;
}

/**
 * The record of a decision. Its id is the same whenever the same assessment is decided upon: the window's end, and of a
 * part its number of calls.
 */
export const scopeDecision = (assessed: Assessed, settled: Settled): Decision => ({
  decisionId: `${assessed.pipeline}/${assessed.subject}/${assessed.windowEnd}${assessed.closed ? '' : `/${assessed.calls}`}`,
  subject: assessed.subject,
  pipeline: assessed.pipeline,
  action: settled.action,
  mode: settled.mode,
  withheld: settled.withheld,
  oldTtlMs: 0,
  newTtlMs: 0,
  oldScope: settled.oldScope,
  newScope: settled.newScope,
  reason: [
    settled.withheld ? `${settled.reason}; withheld: ${settled.withheld}` : settled.reason,
    ...assessed.threats,
  ].join('; '),
  score: assessed.risk / 100,
  risk: assessed.risk,
  severity: (assessed.assessment?.risk ?? 0) / 100,
  frequency: 0,
  features: assessed.assessment?.parts.map(({ feature }) => feature) ?? [],
  strikes: 0,
  policyVersion: settled.policyVersion,
  modelVersion: assessed.modelVersion,
  windowEnd: assessed.windowEnd,
  decidedAt: assessed.time,
  deadline: null,
});

/** The override that a decision sets. */
export const overrideRecord = (
  decision: Decision,
  service: string,
  expiresAt: number,
  threats: readonly string[],
): ScopeOverride => ({
  frontendCredential: decision.subject,
  scope: decision.newScope,
  service: service || null,
  risk: decision.risk,
  mode: decision.mode === 'enforce' ? 'enforce' : 'shadow',
  expiresAt,
  decisionId: decision.decisionId,
  policyVersion: decision.policyVersion,
  reasons: [...threats, ...decision.features],
  at: decision.decidedAt,
});

/** What people should hear of a decision: a narrowing, and that a budget withheld one. */
export const scopeAlert = (decision: Decision, narrowest: boolean): Alert | undefined => {
  const { action, withheld, subject, mode, newScope, reason, features } = decision;
  if (action !== 'narrow' || (withheld !== '' && withheld !== 'budget')) return undefined;
  const kind = withheld ? 'budgetExhausted' : 'scopeNarrowed';
  const doing = withheld
    ? `Budget exhausted: ${newScope} for ${subject} withheld`
    : `${mode === 'shadow' ? 'Would narrow' : 'Narrowed'} ${subject} to ${newScope}`;
  const moved = features.length > 0 ? `; moved by ${features.join(', ')}` : '';
  return {
    alertId: `${kind}/${decision.decisionId}`,
    subject,
    pipeline: decision.pipeline,
    kind,
    severity: withheld || narrowest ? 'critical' : 'warning',
    summary: `${doing}: ${reason}${moved}`,
    decisionId: decision.decisionId,
    at: decision.decidedAt,
  };
};
