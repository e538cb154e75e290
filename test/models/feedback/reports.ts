import type { StoredReport } from '../../../models/feedback/reportSchema.ts';

const figures = {
  ...{ attacks: 2, attacksDetected: 1, labelledAttacks: 6, labelledAttacksDetected: 5 },
  ...{ benign: 4, benignAlarmed: 2, benignAlarmedWindows: 9, benignEpisodes: 3 },
  ...{ unlabelledWindows: 900, unlabelledAlarmed: 12, unlabelledEpisodes: 4 },
};

/** A report of a challenger that lost, for what only keeps or shows it. */
export const reportOf = (challenger: string): StoredReport => ({
  ...{ at: '2026-01-02T00:00:00.000Z', champion: 'first', challenger, outcome: 'kept' },
  reasons: ['The challenger loses 1 labelled attack that the champion shows'],
  labels: {
    ...{ given: 11, legitimateAnomaly: 2, falsePositive: 2, maliciousActivity: 6, heldOut: 6 },
    refused: [
      {
        subject: 'cred-9',
        verdict: 'falsePositive',
        by: 'ann',
        at: '2026-01-01T00:00:00.000Z',
        why: 'they contradict',
      },
    ],
  },
  comparison: {
    wins: false,
    reasons: ['The challenger loses 1 labelled attack that the champion shows'],
    threshold: 0.6,
    champion: figures,
    challenger: { ...figures, labelledAttacksDetected: 4 },
    lost: [{ subject: 'cred-1', fromMs: 1_767_000_000_000, toMs: 1_767_000_060_000, champion: 0.8, challenger: 0.5 }],
    judged: [
      {
        ...{ subject: 'cred-1', fromMs: 1_767_000_000_000, toMs: 1_767_000_060_000, champion: 0.8, challenger: 0.5 },
        ...{ verdict: 'maliciousActivity', by: 'ann', heldOut: true },
      },
    ],
  },
  cut: { refused: 0, lost: 0, judged: 0 },
});
