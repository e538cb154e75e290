import type { StoredReport } from '../../models/feedback/reportSchema.ts';
import type { ModelSource } from '../../models/manifest.ts';

/** Versions of one kind of model: where challengers go, and which one is in force. */
export interface RetrainRegistry {
  /** The version in force: a folder, or a source of its files; undefined for the one that is built in. */
  champion(): Promise<string | ModelSource | undefined>;
  /** Keep a model folder as a version, and the report with it. */
  publish(folder: string, report: StoredReport): Promise<string>;
  /** Put a version in force. */
  promote(version: string, why: string): Promise<void>;
}
