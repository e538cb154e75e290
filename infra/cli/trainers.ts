import type { TrainingBackend } from '../../models/training/backend.ts';
import type { TrainingProgress } from '../../models/training/fit.ts';
import type { TimeRange } from '../../models/training/telemetry/source.ts';
import type { ClickHouseArchive } from '../clickhouse/client.ts';
import type { TrainableModel } from './commands/train.ts';

/** What a training learns from: each model reads it in its own way. */
export type TrainingPlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'archive'; readonly archive: ClickHouseArchive };

/** What a training is asked for, whichever model it is. */
export interface TrainingRequest {
  /** What to train on, and the range of it; absent: the data that ships. */
  readonly data?: { readonly place: TrainingPlace; readonly range: TimeRange; readonly windowMs: number };
  /** IANA name of the time zone whose calendar people live by. */
  readonly zone?: string;
  /** Folder for the model. */
  readonly out: string;
  /** File that the training is kept in while it runs. */
  readonly checkpoint: string;
  readonly resume: boolean;
  readonly seed: number;
  readonly epochs?: number;
  readonly backend: TrainingBackend;
  /** Subjects held in memory at most. */
  readonly maxSubjects?: number;
  /** Written into the checkpoint, so that a resumed training asks the same. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly code: string;
  readonly signal: AbortSignal;
}

/** What a trainer tells while it works. */
export interface TrainingListener {
  say(line: string): void;
  progress(progress: TrainingProgress): void;
}

/** What a training gave. */
export interface TrainingOutcome {
  readonly folder: string;
  readonly version: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Trains one kind of model. */
export type Trainer = (request: TrainingRequest, listener: TrainingListener) => Promise<TrainingOutcome>;

/** Every kind of model that can be trained; each is imported when it is asked for. */
export const trainers: Readonly<Record<TrainableModel, () => Promise<Trainer>>> = {
  anomaly: async () => (await import('./trainers/anomaly.ts')).trainAnomalyModel,
  scope: async () => (await import('./trainers/scope.ts')).trainScopeModel,
  access: async () => (await import('./trainers/access.ts')).trainAccessModel,
  biometric: async () => (await import('./trainers/biometric.ts')).trainBiometricModel,
};
