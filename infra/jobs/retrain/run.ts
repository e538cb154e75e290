import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RetrainReport, reportHtml, reportMarkdown } from '../../../models/feedback/report.ts';
import { versionAt } from '../../../models/registry/versionAt.ts';
import { startFastestBackend } from '../../../models/training/backend.ts';
import type { TrainingProgress } from '../../../models/training/fit.ts';
import type { TimeRange } from '../../../models/training/telemetry/source.ts';
import type { RetrainRegistry } from '../../../pipelines/retrain/registry.ts';
import { retrainScope } from '../../../pipelines/retrain/scope.ts';
import { retrain } from '../../../pipelines/retrain.ts';
import { archiveApiCalls } from '../../clickhouse/apiCalls.ts';
import type { ClickHouseArchive } from '../../clickhouse/client.ts';
import { archiveLabels } from '../../clickhouse/labels.ts';
import { archiveTelemetry } from '../../clickhouse/telemetry.ts';
import type { RetrainConfig, RetrainedKind } from './config.ts';

/** The model that is retrained. */
export interface RetrainedModel {
  readonly kind: RetrainedKind;
  readonly registry: RetrainRegistry;
  readonly windowMs: number;
  /** Folder for challengers and reports. */
  readonly folder: string;
  /** Risk above which a scope is narrowed, 0 to 100; only the scope model's. */
  readonly threshold?: number;
}

/** What one retraining is told. */
export interface RetrainOnce {
  readonly archive: ClickHouseArchive;
  readonly model: RetrainedModel;
  readonly config: RetrainConfig;
  /** Epochs at most; else what is configured, and of the scope model what a training takes. */
  readonly epochs?: number;
  readonly range: TimeRange;
  /** Make a challenger of the anomaly model where no label can be used, too. */
  readonly withoutLabels?: boolean;
  readonly now: number;
  readonly code: string;
  readonly signal?: AbortSignal;
  readonly say: (line: string) => void;
}

/** Where the reports of a retraining lie. */
export interface RetrainOutcome {
  readonly report: RetrainReport;
  readonly files: readonly string[];
}

/** When the last retraining was whose report lies in a folder, epoch ms; 0 where there is none. */
export const lastRetrained = async (folder: string): Promise<number> => {
  const names = await readdir(join(folder, 'reports')).catch(() => []);
  const newest = names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .at(-1);
  if (newest === undefined) return 0;
  const { at } = JSON.parse(await readFile(join(folder, 'reports', newest), 'utf8')) as Pick<RetrainReport, 'at'>;
  return Date.parse(at);
};

/** Retrain once, and write the report as JSON, Markdown and HTML. */
export const retrainOnce = async (
  task: RetrainOnce,
  onProgress: (progress: TrainingProgress) => void = () => undefined,
): Promise<RetrainOutcome> => {
  const { archive, model, config, epochs, range, withoutLabels = false, now, code, signal, say } = task;
  const { kind, registry, windowMs, folder, threshold } = model;
  const [fastest] = await startFastestBackend(() => performance.now());
  say(`Trains on ${fastest!.backend} (${fastest!.trialMs.toFixed(1)} ms a trial), the fastest here`);
  const version = versionAt(new Date(now));
  const common = {
    ...{ labels: archiveLabels(archive), registry, range, windowMs, seed: config.seed, now, code },
    out: join(folder, 'challengers', version),
    backend: fastest!.backend,
    ...(signal ? { signal } : {}),
  };
  const report =
    kind === 'scope'
      ? await retrainScope(
          {
            ...common,
            calls: archiveApiCalls(archive),
            threshold: threshold!,
            ...(epochs === undefined ? {} : { epochs }),
          },
          onProgress,
        )
      : await retrain(
          {
            ...common,
            telemetry: archiveTelemetry(archive),
            withoutLabels,
            epochs: epochs ?? config.epochs,
            calibrationSubjects: config.calibrationSubjects,
          },
          onProgress,
        );
  const reports = join(folder, 'reports');
  await mkdir(reports, { recursive: true });
  const contents = {
    json: `${JSON.stringify(report, null, 2)}\n`,
    md: reportMarkdown(report),
    html: reportHtml(report),
  };
  const files: string[] = [];
  for (const [ending, content] of Object.entries(contents)) {
    const file = join(reports, `${version}.${ending}`);
    await writeFile(`${file}.partial`, content);
    await rename(`${file}.partial`, file);
    files.push(file);
  }
  return { report, files };
};
