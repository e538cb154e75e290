import type { Step } from '../../../view/investigation.ts';

/** Findings, as people say them. */
export const findingWords: Record<Step['finding'], string> = {
  none: 'open',
  legitimateAnomaly: 'Legitimate anomaly',
  falsePositive: 'False positive',
  maliciousActivity: 'Malicious activity',
  inconclusive: 'Inconclusive',
};

/** Findings with which an investigation can be closed. */
export const findings = ['maliciousActivity', 'falsePositive', 'legitimateAnomaly', 'inconclusive'] as const;

/** What somebody did, after their name. */
export const stepWords = ({ kind, assignee, finding, by }: Step): string => {
  if (kind === 'assigned')
    return assignee === '' ? 'gave it back' : assignee === by ? 'took it' : `assigned it to ${assignee}`;
  if (kind === 'closed') return `closed it: ${findingWords[finding].toLowerCase()}`;
  return {
    opened: 'opened it',
    linked: 'added a decision',
    commented: 'commented',
    reopened: 'opened it again',
    unknown: 'did something this page does not know',
  }[kind];
};
