import { z } from 'zod';

const rate = z.number().gt(0).lte(1);
const windows = z.number().int().positive();

/** What training and scoring must agree on; it travels in the manifest of a model. Times are counted in windows. */
export const anomalyParametersSchema = z.strictObject({
  hidden: windows.describe('LSTM units'),
  batch: windows.describe('Rows of the one batch shape that is ever run'),
  minHistory: windows.describe('Windows of a subject before it is scored'),
  minSeen: windows.describe('Windows of a metric before its residuals count'),
  baselineWindows: windows.describe('Memory of a subject baseline'),
  priorWindows: windows.describe('Weight of the prior deviation'),
  priorDeviation: z.number().positive().describe('Deviation expected before anything was seen, on the feature scale'),
  deviationFloor: z.number().positive().describe('Smallest deviation that counts, on the feature scale'),
  clip: z.number().positive().describe('Normalised values are clipped here'),
  winsor: z.number().positive().describe('Deviations learned from are cut here, in scales'),
  residualClip: z.number().positive().describe('Residuals are clipped here, in forecast scales'),
  usualWindows: windows.describe('Weight of everybody in what energy is usual for a subject'),
  usualCap: z.number().gt(1).describe('Energies learned from are cut at this multiple of the usual'),
  usualFloor: z.number().positive().describe('Least energy that is taken as usual'),
  anomalousRate: rate.describe('Factor on learning after a window that deviates, by the subject or by its cohort'),
  fastRate: rate.describe('Rate of the fast smoothing'),
  slowRate: rate.describe('Rate of the slow smoothing'),
  slowestRate: rate.describe('Rate of the slowest smoothing'),
  jointMemory: windows.describe('Memory of how the amounts of metrics lie together'),
  jointPrior: windows.describe('Weight of the prior, that metrics vary each for itself'),
  jointRidge: z.number().positive().describe('Variance that is added in every direction, in those of the metrics'),
  jointClip: z.number().positive().describe('Amounts are clipped here, in their deviations, also to learn from'),
  jointFloor: z.number().positive().describe('Smallest deviation of an amount that counts, as a share of its mean'),
  referencePrior: windows.describe('Windows of the cohort that a subject is compared with, beside its own'),
  referenceWindows: windows.describe('Windows in the reference of a subject at most, those of the cohort included'),
  referenceDelay: windows.describe('Windows until one that was judged has joined the reference'),
  mostRelief: z
    .number()
    .nonnegative()
    .describe('Decades of the p-value that its own reference can relieve a subject of'),
  anchorWindows: windows.describe('Windows of a metric that its anchor is made of'),
  anchorMemory: windows.describe('Memory of an anchor after that'),
  anchorRate: rate.describe('Rate of the mean that is compared with the anchor'),
  anchorMultiple: z.number().gt(1).describe('Multiple of its anchor from which a metric has strayed, at the least'),
  anchorSpreads: z.number().positive().describe('Usual distances from its anchor from which a metric has strayed'),
  strayedScore: z
    .number()
    .min(0)
    .max(1)
    .describe('Least score of a subject at the limit of its anchor; beyond it grows with the distance'),
  frequencyWindows: windows.describe('Decay time of the count of deviations'),
  alarmP: z.number().gt(0).lt(1).describe('A window counts as a deviation at this p-value or below'),
  trustWindows: windows.describe(
    'Windows of a subject before its own reference relieves the count of its deviations; fully at twice as many',
  ),
  frequencyScale: z.number().positive().describe('Deviations in excess of the expected that count as frequent'),
  frequencyWeight: z.number().min(0).max(1).describe('What frequency can add to the score'),
  severityDecades: z.number().positive().describe('Decades of the p-value that make severity 1'),
});

/** See {@link anomalyParametersSchema}. */
export type AnomalyParameters = z.infer<typeof anomalyParametersSchema>;

/** Parameters of the shipped model. */
export const defaultAnomalyParameters: AnomalyParameters = {
  hidden: 32,
  batch: 64,
  minHistory: 30,
  minSeen: 8,
  baselineWindows: 1000,
  priorWindows: 10,
  priorDeviation: 0.3,
  deviationFloor: 0.1,
  clip: 6,
  winsor: 4,
  residualClip: 10,
  usualWindows: 20,
  usualCap: 4,
  usualFloor: 0.5,
  anomalousRate: 0.1,
  fastRate: 0.7,
  slowRate: 0.1,
  slowestRate: 0.02,
  jointMemory: 20_000,
  jointPrior: 24,
  jointRidge: 0.05,
  jointClip: 10,
  jointFloor: 0.02,
  referencePrior: 300,
  referenceWindows: 2200,
  referenceDelay: 10,
  mostRelief: 3,
  anchorWindows: 300,
  anchorMemory: 20_000,
  anchorRate: 0.02,
  anchorMultiple: 8,
  anchorSpreads: 3,
  strayedScore: 0.5,
  frequencyWindows: 60,
  alarmP: 0.01,
  trustWindows: 1000,
  frequencyScale: 5,
  frequencyWeight: 0.6,
  severityDecades: 4,
};
