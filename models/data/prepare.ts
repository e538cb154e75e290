import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packageRoot } from '../../infra/paths.ts';
import { resourceMetrics } from '../features/resource.ts';
import type { Recording, RecordingInfo, RecordingRole } from './index.ts';
import { cut, nabSeries, readNab, readSmd, smdSeenMachines } from './sources.ts';

/** Cuts the recordings that ship out of the whole data sets: `npx tsx models/data/prepare.ts [../shared/data]`. */
const root = resolve(process.argv[2] ?? join(packageRoot(), '../shared/data'));
const out = join(packageRoot(), 'models/data/recordings');

/** Test stretches for the demonstration and the tests: rows of the test parts, chosen as README.md says. */
const stretches: readonly { machine: string; role: RecordingRole; from: number; to: number }[] = [
  { machine: '2-8', role: 'benign', from: 6000, to: 7500 },
  { machine: '3-4', role: 'benign', from: 15_000, to: 16_500 },
  { machine: '2-1', role: 'benign', from: 2000, to: 3500 },
  { machine: '3-3', role: 'benign', from: 16_700, to: 18_000 },
  { machine: '1-6', role: 'benign', from: 21_800, to: 22_200 },
  { machine: '2-8', role: 'anomaly', from: 17_080, to: 17_800 },
  { machine: '3-3', role: 'anomaly', from: 18_849, to: 19_900 },
  { machine: '1-6', role: 'anomaly', from: 18_100, to: 19_100 },
  { machine: '1-7', role: 'anomaly', from: 17_609, to: 18_200 },
  { machine: '3-4', role: 'anomaly', from: 2234, to: 3500 },
];

const text = (value: number): string => (Number.isNaN(value) ? '' : String(Number(value.toPrecision(4))));

const csv = ({ metrics, labels, rows }: Recording): string => {
  const header = [...resourceMetrics, 'label'].join(',');
  const line = (row: number): string =>
    [...resourceMetrics.map((it) => text(metrics[it][row]!)), labels[row]].join(',');
  return `${[header, ...Array.from({ length: rows }, (_, row) => line(row))].join('\n')}\n`;
};

const recordings: Recording[] = [];
const add = (recording: Recording, name: string, role: RecordingRole): number =>
  recordings.push({ ...recording, name, role });

for (const machine of smdSeenMachines) {
  const whole = readSmd(root, machine, 'train');
  add(cut(whole, 1000, 9000), `smd-${machine}-train`, 'train');
  add(cut(whole, 16_000, 20_000), `smd-${machine}-calibrate`, 'calibrate');
}
for (const series of nabSeries) {
  const whole = readNab(root, series);
  const first = whole.labels.indexOf(1);
  const end = Math.min(2000, first < 0 ? whole.rows : first);
  if (end >= 500) add(cut(whole, 0, end), whole.name, 'train');
}
for (const { machine, role, from, to } of stretches) {
  add(cut(readSmd(root, machine, 'test'), from, to), `smd-${machine}-${role}`, role);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
let bytes = 0;
for (const recording of recordings) {
  const packed = gzipSync(csv(recording), { level: 9 });
  bytes += packed.length;
  writeFileSync(join(out, `${recording.name}.csv.gz`), packed);
}
const index: RecordingInfo[] = recordings.map(({ metrics: _, labels: __, ...info }) => info);
writeFileSync(join(out, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
process.stderr.write(`${recordings.length} recordings, ${bytes} bytes in ${out}\n`);
