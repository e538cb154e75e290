import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ResourceMetric, resourceMetrics } from '../features/resource.ts';
import type { Recording } from './index.ts';

/** Which column of SMD stands for a metric, and the amount that its normalised 1 is taken to be. */
export const smdColumns: Readonly<Record<ResourceMetric, { column: number; scale: number }>> = {
  cpuCores: { column: 0, scale: 8 },
  memoryBytes: { column: 5, scale: 4 * 2 ** 30 },
  receivedBytes: { column: 18, scale: 10e6 },
  sentBytes: { column: 19, scale: 10e6 },
  readBytes: { column: 10, scale: 50e6 },
  writtenBytes: { column: 15, scale: 50e6 },
  apiCalls: { column: 31, scale: 200 },
  apiErrors: { column: 29, scale: 20 },
  dataReads: { column: 9, scale: 1000 },
  dataWrites: { column: 13, scale: 1000 },
  connections: { column: 25, scale: 500 },
  threads: { column: 23, scale: 200 },
};

/** NAB's CloudWatch series that measure one of our metrics, and the factor from their unit to ours. */
export const nabSeries: readonly { file: string; metric: ResourceMetric; scale: number }[] = [
  { file: 'ec2_cpu_utilization_53ea38', metric: 'cpuCores', scale: 0.02 },
  { file: 'ec2_cpu_utilization_5f5533', metric: 'cpuCores', scale: 0.02 },
  { file: 'ec2_cpu_utilization_ac20cd', metric: 'cpuCores', scale: 0.02 },
  { file: 'ec2_cpu_utilization_fe7f93', metric: 'cpuCores', scale: 0.02 },
  { file: 'rds_cpu_utilization_cc0c53', metric: 'cpuCores', scale: 0.02 },
  { file: 'ec2_network_in_257a54', metric: 'receivedBytes', scale: 1 / 300 },
  { file: 'ec2_disk_write_bytes_1ef3de', metric: 'writtenBytes', scale: 1 / 300 },
];

/** Machines of SMD that are used in training and calibration; the other two stay unseen. */
export const smdSeenMachines = ['1-6', '1-7', '2-1', '2-2', '2-7', '3-3'] as const;

/** Machines of SMD that training and calibration never see. */
export const smdUnseenMachines = ['2-8', '3-4'] as const;

const emptyColumns = (rows: number): Record<ResourceMetric, Float64Array> =>
  Object.fromEntries(resourceMetrics.map((metric) => [metric, new Float64Array(rows).fill(Number.NaN)])) as Record<
    ResourceMetric,
    Float64Array
  >;

/**
 * Read one part of one SMD machine as our metrics.
 *
 * @param root folder with `smd/`
 * @param machine such as `1-6`
 */
export const readSmd = (root: string, machine: string, part: 'train' | 'test'): Recording => {
  const lines = gunzipSync(readFileSync(join(root, `smd/machine-${machine}_${part}.csv.gz`)))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const metrics = emptyColumns(lines.length);
  lines.forEach((line, row) => {
    const cells = line.split(',');
    for (const metric of resourceMetrics)
      metrics[metric][row] = Number(cells[smdColumns[metric].column]) * smdColumns[metric].scale;
  });
  const labelFile = join(root, `smd/machine-${machine}_test_label.csv`);
  const labels =
    part === 'test' && existsSync(labelFile)
      ? Uint8Array.from(readFileSync(labelFile, 'utf8').trimEnd().split('\n'), Number)
      : new Uint8Array(lines.length);
  return {
    name: `smd-${machine}-${part}`,
    role: part === 'train' ? 'train' : 'benign',
    source: `SMD machine-${machine} ${part}`,
    rows: lines.length,
    intervalMs: 60_000,
    metrics,
    labels,
  };
};

/**
 * Read one NAB series as a recording with a single metric.
 *
 * @param root folder with `nab/`
 */
export const readNab = (root: string, { file, metric, scale }: (typeof nabSeries)[number]): Recording => {
  const key = `realAWSCloudwatch/${file}.csv`;
  const lines = readFileSync(join(root, 'nab/data', key), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1);
  const windows = (
    JSON.parse(readFileSync(join(root, 'nab/labels/combined_windows.json'), 'utf8')) as Record<
      string,
      [string, string][]
    >
  )[key]!.map((range) => range.map((time) => Date.parse(`${time.slice(0, 19).replace(' ', 'T')}Z`)));
  const metrics = emptyColumns(lines.length);
  const labels = new Uint8Array(lines.length);
  lines.forEach((line, row) => {
    const [time = '', value] = line.split(',');
    const at = Date.parse(`${time.replace(' ', 'T')}Z`);
    metrics[metric][row] = Number(value) * scale;
    labels[row] = windows.some(([from, to]) => at >= from! && at <= to!) ? 1 : 0;
  });
  return {
    name: `nab-${file.replaceAll('_', '-')}`,
    role: 'train',
    source: `NAB ${key}`,
    rows: lines.length,
    intervalMs: 300_000,
    metrics,
    labels,
  };
};

/** Rows `[from, to)` of a recording. */
export const cut = (recording: Recording, from: number, to: number): Recording => {
  const labels = recording.labels.slice(from, to);
  const first = labels.indexOf(1);
  let end = first;
  while (first >= 0 && end < labels.length && labels[end] === 1) end++;
  const { anomaly: _, ...rest } = recording;
  return {
    ...rest,
    source: `${recording.source}, rows ${from} to ${to - 1}`,
    rows: labels.length,
    metrics: Object.fromEntries(
      resourceMetrics.map((metric) => [metric, recording.metrics[metric].slice(from, to)]),
    ) as Record<ResourceMetric, Float64Array>,
    labels,
    ...(first >= 0 ? { anomaly: { from: first, to: end } } : {}),
  };
};
