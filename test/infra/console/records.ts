import type { Credential, Decision, Effect, Score } from '../../../schemas/generated/index.ts';

/** A credential as the register has it, issued at `issuedAt` (epoch milliseconds) for a minute. */
export const credentialOf = (id: string, issuedAt: number, other: Partial<Credential> = {}): Credential => ({
  credentialId: id,
  kind: 'token',
  reference: `accessor-of-${id}`,
  mount: 'auth/token',
  role: 'ebbtide-functions',
  entityId: 'entity-1',
  function: 'checkout',
  instance: 'checkout-1',
  event: 'order-placed',
  issuedAt,
  expiresAt: issuedAt + 60_000,
  ttlMs: 60_000,
  maxTtlMs: 120_000,
  explicitMaxExpiresAt: null,
  shortening: 'continuous',
  status: 'active',
  ...other,
});

export const scoreOf = (subject: string, windowEnd: number, score: number, other: Partial<Score> = {}): Score => ({
  subject,
  pipeline: 'lifecycle',
  windowStart: windowEnd - 500,
  windowEnd,
  samples: 5,
  score,
  risk: score * 100,
  severity: score,
  frequency: score,
  pValue: 1 - score,
  statistic: score,
  learning: false,
  contributions: [
    { feature: 'cpuFraction', weight: 0.7, direction: 'above', expected: 0.25, observed: 0.75, unit: 'cores' },
  ],
  modelVersion: 'anomaly-1',
  ...other,
});

export const decisionOf = (
  subject: string,
  action: Decision['action'],
  windowEnd: number,
  other: Partial<Decision> = {},
): Decision => ({
  decisionId: `lifecycle/${subject}/${windowEnd}`,
  subject,
  pipeline: 'lifecycle',
  action,
  mode: 'enforce',
  withheld: '',
  oldTtlMs: 60_000,
  newTtlMs: { extend: 120_000, keep: 60_000, shorten: 30_000, revoke: 0, restore: 60_000, unknown: 0 }[action],
  reason: `Because of ${action}`,
  score: 0.5,
  severity: 0.5,
  frequency: 0.5,
  features: ['cpuFraction'],
  strikes: 0,
  policyVersion: 'abcdef012345',
  modelVersion: 'anomaly-1',
  windowEnd,
  decidedAt: windowEnd,
  deadline: null,
  ...other,
});

/** What became of a decision: enforced at `appliedAt`, with the life that it asked for. */
export const effectOf = (decision: Decision, appliedAt: number, other: Partial<Effect> = {}): Effect => ({
  decisionId: decision.decisionId,
  subject: decision.subject,
  pipeline: decision.pipeline,
  action: decision.action,
  outcome: 'enforced',
  detail: '',
  skipped: '',
  requestedTtlMs: decision.newTtlMs,
  remainingMs: decision.newTtlMs,
  expiresAt: appliedAt + decision.newTtlMs,
  status: decision.action === 'revoke' ? 204 : 200,
  attempts: 1,
  latencyMs: 12,
  appliedAt,
  ...other,
});
