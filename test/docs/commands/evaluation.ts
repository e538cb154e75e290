import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { typingTable } from './biometric.ts';
import type { Scenario } from './scenario.ts';

const rows = 400;
const wave = (row: number, phase = 0): string => (Math.sin(row + phase) + (isStrange(row) ? 9 : 0)).toFixed(3);
const isStrange = (row: number): boolean => row >= 300 && row < 315;
const at = (row: number): string => new Date(Date.UTC(2026, 0, 1, 0, row)).toISOString();
const each = <T>(make: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => make(row));

/** Small sets in the form of the public ones. */
const writeSets = (folder: string): void => {
  const file = (path: string, content: string | Buffer) => {
    const whole = join(folder, path);
    mkdirSync(join(whole, '..'), { recursive: true });
    writeFileSync(whole, content);
  };
  const space = (time: string) => time.slice(0, 19).replace('T', ' ');
  const series = each((row) => `${space(at(row))},${wave(row)}`);
  file('nab/data/realKnownCause/wave.csv', `timestamp,value\n${series.join('\n')}\n`);
  file(
    'nab/labels/combined_windows.json',
    JSON.stringify({ 'realKnownCause/wave.csv': [[space(at(300)), space(at(314))]] }),
  );
  const own = each((row) => `${at(row)},${wave(row)},${wave(row, 1)},${isStrange(row) ? 1 : 0}`);
  for (const name of ['telemetry', 'my-telemetry'])
    file(`${name}/host.csv`, `time,cpu,memory,label\n${own.join('\n')}\n`);
  file('cmu/typing.csv.gz', gzipSync(typingTable(6, 400)));
};

const cheap = '--detectors statistics,ewma';

/** Measuring models on small sets in the form of the public ones, by detectors that need no training. */
export const evaluation: Scenario = {
  title: 'evaluation',
  prepare: async ({ shell }) => {
    writeSets(shell.folder);
    return [
      ['--data nab', '--data nab=nab'],
      ['--data cmu', '--data cmu=cmu'],
      [' ebbtide,pca', ' statistics,pca'],
    ];
  },
  commands: {
    'ebbtide evaluate anomaly --data nab --html nab.html': { says: /nab\.html/, adds: cheap },
    'ebbtide evaluate anomaly --data ./my-telemetry': { says: /ewma/, adds: cheap },
    'ebbtide evaluate anomaly --data ./telemetry --detectors ebbtide,pca': /pca/,
    'ebbtide evaluate biometric --data cmu --detectors statistical,scaledManhattan': /scaledManhattan/,
    'ebbtide evaluate biometric --data cmu --html cmu.html': { says: /cmu\.html/, adds: '--detectors statistical' },
  },
};
