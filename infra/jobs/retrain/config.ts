import { z } from 'zod';

const dayMs = 86_400_000;

/** Kinds of models that labels retrain. */
export const retrainedKinds = ['anomaly', 'scope'] as const;

/** See {@link retrainedKinds}. */
export type RetrainedKind = (typeof retrainedKinds)[number];

/** How models are retrained from labels; `retrain` in `ebbtide.yaml`. */
export const retrainConfigSchema = z.strictObject({
  kinds: z
    .array(z.enum(retrainedKinds))
    .min(1)
    .default([...retrainedKinds])
    .describe('Kinds of models that "run retrain" retrains'),
  everyMs: z
    .int()
    .min(1_000)
    .max(365 * dayMs)
    .default(3_600_000)
    .describe('How often "run retrain" looks for new labels, milliseconds'),
  minLabels: z.int().min(1).max(1_000_000).default(10).describe('New labels that are enough to train a challenger'),
  onDrift: z
    .boolean()
    .default(false)
    .describe(
      'Also make a challenger of the anomaly model when its p-values have drifted, without new labels; it replaces the champion only by what labels there are',
    ),
  sinceMs: z
    .int()
    .min(60_000)
    .max(3_650 * dayMs)
    .default(30 * dayMs)
    .describe('How far back telemetry and labels are taken, milliseconds'),
  epochs: z
    .int()
    .min(0)
    .max(10_000)
    .default(4)
    .describe('Epochs of training on from the weights of the anomaly champion; 0 keeps its network'),
  calibrationSubjects: z
    .int()
    .min(10)
    .max(100_000)
    .default(1200)
    .describe('Subjects drawn to calibrate an anomaly challenger with'),
  seed: z.int().min(0).max(4_294_967_295).default(1).describe('What chance begins with'),
});

/** {@link retrainConfigSchema}, complete. */
export type RetrainConfig = z.output<typeof retrainConfigSchema>;
