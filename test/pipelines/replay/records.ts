import type { LaneOutput } from '../../../pipelines/replay/lane.ts';
import type { Alert, Decision, Label, Score } from '../../../schemas/generated/index.ts';

export const scoreOf = (subject: string, windowStart: number, windowEnd: number): Score => ({
  ...{ subject, pipeline: 'lifecycle', windowStart, windowEnd, samples: 1, score: 0, risk: 0, severity: 0 },
  ...{ frequency: 0, pValue: 1, statistic: 0, learning: false, contributions: [], modelVersion: 'm', role: 'champion' },
});

export const decisionOf = (
  subject: string,
  action: Decision['action'],
  decidedAt: number,
  newTtlMs: number,
  more: Partial<Decision> = {},
): Decision => ({
  ...{ decisionId: `lifecycle/${subject}/${decidedAt}`, subject, pipeline: 'lifecycle', action, mode: 'enforce' },
  ...{
    withheld: '',
    oldTtlMs: 1,
    newTtlMs,
    oldScope: '',
    newScope: '',
    risk: 0,
    reason: 'because',
    score: 0,
    severity: 0,
    frequency: 0,
    features: [],
  },
  ...{ strikes: 0, policyVersion: 'p', modelVersion: 'm', windowEnd: decidedAt, decidedAt, deadline: null },
  ...more,
});

export const alertOf = (subject: string, at: number, decisionId: string | null = null): Alert => ({
  ...{ alertId: `${subject}/${at}`, subject, pipeline: 'lifecycle', kind: 'silent', severity: 'warning' },
  ...{ summary: '', decisionId, at },
});

export const labelOf = (subject: string, verdict: Label['verdict'], more: Partial<Label> = {}): Label => ({
  ...{ subject, decisionId: null, verdict, windowStart: null, windowEnd: null, note: '', by: 'me', at: 0 },
  ...more,
});

export const outputOf = (parts: Partial<LaneOutput>): LaneOutput => ({
  ...{ partition: 0, warmUp: false, scores: [], decisions: [], alerts: [], rejected: [], records: [] },
  ...parts,
});
