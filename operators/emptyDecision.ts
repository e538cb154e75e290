import type { Decision } from '../schemas/generated/index.ts';

/** A decision that nothing was measured for: what it does not say. Whoever decides says the rest. */
export const emptyDecision: Omit<Decision, 'decisionId' | 'subject' | 'pipeline' | 'action' | 'mode'> = {
  withheld: '',
  oldTtlMs: 0,
  newTtlMs: 0,
  oldScope: '',
  newScope: '',
  reason: '',
  score: 0,
  risk: 0,
  severity: 0,
  frequency: 0,
  features: [],
  strikes: 0,
  policyVersion: '',
  modelVersion: '',
  windowEnd: 0,
  decidedAt: 0,
  deadline: null,
};
