import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RetrainReport, reportHtml, reportMarkdown } from '../../../models/feedback/report.ts';
import { versionAt } from '../../../models/registry/versionAt.ts';
import { startFastestBackend } from '../../../models/training/backend.ts';
import type { TrainingProgress } from '../../../models/training/fit.ts';
import type { TimeRange } from '../../../models/training/telemetry/source.ts';
import { type RetrainRegistry, retrain } from '../../../pipelines/retrain.ts';
import type { ClickHouseArchive } from '../../clickhouse/client.ts';
import { archiveLabels } from '../../clickhouse/labels.ts';
import { archiveTelemetry } from '../../clickhouse/telemetry.ts';
import type { RetrainConfig } from './config.ts';

/** What one retraining is told. */
export interface RetrainOnce {
  readonly archive: ClickHouseArchive;
  readonly registry: RetrainRegistry;
  readonly config: RetrainConfig;
  readonly windowMs: number;
  readonly range: TimeRange;
  /** Folder for challengers and reports. */
  readonly folder: string;
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
  const { archive, registry, config, windowMs, range, folder, now, code, signal, say } = task;
  const [fastest] = await startFastestBackend(() => performance.now());
  say(`Trains on ${fastest!.backend} (${fastest!.trialMs.toFixed(1)} ms a trial), the fastest here`);
  const version = versionAt(new Date(now));
  const report = await retrain(
    {
      labels: archiveLabels(archive),
      telemetry: archiveTelemetry(archive),
      registry,
      range,
      windowMs,
      out: join(folder, 'challengers', version),
      seed: config.seed,
      epochs: config.epochs,
      calibrationSubjects: config.calibrationSubjects,
      backend: fastest!.backend,
      now,
      code,
      ...(signal ? { signal } : {}),
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
    await writeFile(file, content);
    files.push(file);
  }
  return { report, files };
};
