import type { Alert, Decision } from '../schemas/generated/index.ts';
import type { LifecyclePolicy } from '../schemas/policy.ts';
import type { WindowEvent, WindowScore } from './batch.ts';
import type { TtlOutcome } from './ttlRule.ts';

/** What a decision is made of. */
export interface Decided {
  readonly pipeline: string;
  readonly event: WindowEvent;
  readonly action: NonNullable<TtlOutcome['action']>;
  readonly outcome: TtlOutcome;
  /** Why it is not to be carried out; empty where it is. */
  readonly withheld: string;
  /** TTL before and after, milliseconds. */
  readonly oldTtlMs: number;
  readonly newTtlMs: number;
  /** Undefined for silence. */
  readonly score: WindowScore | undefined;
  readonly modelVersion: string;
  readonly policy: LifecyclePolicy;
  readonly policyVersion: string;
}

/** The record of a decision. Its id is the same whenever the same window is decided upon. */
export const decisionOf = (decided: Decided): Decision => {
  const { pipeline, event, action, outcome, withheld, score, policy } = decided;
  return {
    decisionId: `${pipeline}/${event.subject}/${event.kind === 'silence' ? 'silence-' : ''}${event.windowEnd}`,
    subject: event.subject,
    pipeline,
    action,
    mode: policy.mode,
    withheld,
    oldTtlMs: decided.oldTtlMs,
    newTtlMs: decided.newTtlMs,
    oldScope: '',
    newScope: '',
    reason: withheld ? `${outcome.reason}; withheld: ${withheld}` : outcome.reason,
    score: score?.score ?? 0,
    risk: 100 * (score?.score ?? 0),
    severity: score?.severity ?? 0,
    frequency: score?.frequency ?? 0,
    features: score?.contributions.map(({ feature }) => feature) ?? [],
    strikes: Math.round(outcome.state.strikes),
    policyVersion: decided.policyVersion,
    modelVersion: score ? decided.modelVersion : '',
    windowEnd: event.windowEnd,
    decidedAt: event.time,
    deadline: action === 'revoke' ? null : event.time + policy.lateAfterMs,
  };
};

/** What people should hear of a decision: a revocation, and that a budget withheld something. */
export const alertsOf = (decision: Decision, event: WindowEvent, outcome: TtlOutcome): Alert[] => {
  const { action, withheld, mode, pipeline } = decision;
  if (action === 'revoke' && !withheld) {
    const summary = `${mode === 'shadow' ? 'Would revoke' : 'Revoke'} ${event.subject}: ${outcome.reason}`;
    return [alertOf(pipeline, event, 'revoked', 'critical', summary, decision)];
  }
  if (withheld === 'budget') {
    const summary = `Budget exhausted: ${action} of ${event.subject} withheld`;
    return [alertOf(pipeline, event, 'budgetExhausted', 'critical', summary, decision)];
  }
  return [];
};

/** The alert that telemetry stopped. */
export const silenceAlert = (pipeline: string, event: WindowEvent, policy: LifecyclePolicy): Alert =>
  alertOf(pipeline, event, 'silent', 'warning', `No telemetry of ${event.subject} for ${policy.silenceMs / 1000} s`);

const alertOf = (
  pipeline: string,
  event: WindowEvent,
  kind: string,
  severity: Alert['severity'],
  summary: string,
  decision?: Decision,
): Alert => ({
  alertId: `${kind}/${decision?.decisionId ?? `${pipeline}/${event.subject}/${event.windowEnd}`}`,
  subject: event.subject,
  pipeline,
  kind,
  severity,
  summary,
  decisionId: decision?.decisionId ?? null,
  at: event.time,
});
