import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../../infra/paths.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { type ResourceMetric, resourceMetrics } from '../features/resource.ts';

/** What a recording is for: `train` and `calibrate` make the model, the rest was never seen by it. */
export type RecordingRole = 'train' | 'calibrate' | 'benign' | 'anomaly';

/** A recording that ships, as `recordings/index.json` lists it. */
export interface RecordingInfo {
  readonly name: string;
  readonly role: RecordingRole;
  /** Data set, machine and rows it was cut from. */
  readonly source: string;
  readonly rows: number;
  readonly intervalMs: number;
  /** First row labelled anomalous, and one past the last; absent where nothing is labelled. */
  readonly anomaly?: { readonly from: number; readonly to: number };
}

/** Telemetry of one machine: per metric one column, NaN where it was not recorded. */
export interface Recording extends RecordingInfo {
  readonly metrics: Readonly<Record<ResourceMetric, Float64Array>>;
  /** 1 where the data set labels an anomaly; training parts are unlabelled and taken as benign. */
  readonly labels: Uint8Array;
}

const folder = (): string => join(packageRoot(), 'models/data/recordings');

const read = (file: string): Buffer => {
  const path = join(folder(), file);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new EbbtideError(
      'DATA_MISSING',
      `Recording ${path} cannot be read; restore it or run models/data/prepare.ts`,
      { path },
      cause,
    );
  }
};

/** All recordings that ship, in the order of their index. */
export const listRecordings = (role?: RecordingRole): readonly RecordingInfo[] =>
  (JSON.parse(read('index.json').toString('utf8')) as RecordingInfo[]).filter((it) => !role || it.role === role);

/**
 * Parse the CSV of a recording: a header with metric names and `label`, empty cells where nothing was recorded.
 *
 * @param text the CSV
 * @param info what the index says of it
 */
export const parseRecording = (text: string, info: RecordingInfo): Recording => {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const columns = header.split(',');
  const metrics = Object.fromEntries(
    resourceMetrics.map((metric) => [metric, new Float64Array(lines.length).fill(Number.NaN)]),
  ) as Record<ResourceMetric, Float64Array>;
  const labels = new Uint8Array(lines.length);
  lines.forEach((line, row) => {
    line.split(',').forEach((cell, column) => {
      const name = columns[column]!;
      if (name === 'label') labels[row] = Number(cell);
      else if (cell !== '') metrics[name as ResourceMetric][row] = Number(cell);
    });
  });
  return { ...info, rows: lines.length, metrics, labels };
};

/**
 * Load a recording that ships with the project.
 *
 * @param name as {@link listRecordings} gives it
 * @throws EbbtideError DATA_MISSING when there is none of that name
 *
 * @example
 * const { metrics, labels } = loadRecording('smd-2-8-benign');
 * metrics.cpuCores[0]; // cores used in the first minute
 */
export const loadRecording = (name: string): Recording => {
  const info = listRecordings().find((it) => it.name === name);
  if (!info)
    throw new EbbtideError(
      'DATA_MISSING',
      `No recording is named ${name}; those that ship are listed in models/data/recordings/index.json`,
      { name },
    );
  return parseRecording(gunzipSync(read(`${name}.csv.gz`)).toString('utf8'), info);
};
