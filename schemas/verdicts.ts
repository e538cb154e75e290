import type { Label } from './generated/Label.ts';

/** What a label changes at the next retraining, as a sentence, by its verdict. */
export const labelChanges: Readonly<Record<Exclude<Label['verdict'], 'withdrawn' | 'unknown'>, string>> = {
  legitimateAnomaly: 'The next model learns this behaviour as part of the baseline',
  falsePositive: 'The next model is calibrated with this behaviour, so that its thresholds move',
  maliciousActivity:
    'The next model must keep showing this; it is left out of the baseline and teaches what attacks are',
};
