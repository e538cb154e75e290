import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createRandom } from '../../../models/training/random.ts';
import { typingTable } from './biometric.ts';
import type { Scenario } from './scenario.ts';

const rows = 400;
const wave = (row: number, phase = 0): string => (Math.sin(row + phase) + (isStrange(row) ? 9 : 0)).toFixed(3);
const isStrange = (row: number): boolean => row >= 300 && row < 315;
const at = (row: number): string => new Date(Date.UTC(2026, 0, 1, 0, row)).toISOString();
const each = <T>(make: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => make(row));

/** Movements of a mouse, faster and more bent the higher the user's number, each ended by a click. */
const mouseSession = (user: number, session: number): string => {
  const random = createRandom(user * 100 + session);
  const lines = ['record timestamp,client timestamp,button,state,x,y'];
  let time = 0;
  const add = (button: string, state: string, x: number, y: number) =>
    lines.push([time.toFixed(3), time.toFixed(3), button, state, Math.round(x), Math.round(y)].join(','));
  for (let action = 0; action < 60; action++) {
    const [toX, toY] = [random.integer(100, 1800), random.integer(100, 900)];
    for (let step = 0; step <= 20; step++) {
      time += 0.008 + random.next() * 0.01 * user;
      add('NoButton', 'Move', (toX * step) / 20, (toY * step) / 20 + Math.sin(step) * user * 5);
    }
    for (const state of ['Pressed', 'Released']) {
      time += 0.05;
      add('Left', state, toX, toY);
    }
    time += 1;
  }
  return `${lines.join('\n')}\n`;
};

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
  const machine = (label: (row: number) => boolean) =>
    gzipSync(
      each((row) =>
        Array.from({ length: 38 }, (_, metric) =>
          (Math.sin(row / 5 + metric) / 2 + (label(row) ? 5 : 0.5)).toFixed(4),
        ).join(','),
      ).join('\n'),
    );
  for (const name of ['1-1', '1-2']) {
    file(
      `smd/machine-${name}_train.csv.gz`,
      machine(() => false),
    );
    file(`smd/machine-${name}_test.csv.gz`, machine(isStrange));
    file(`smd/machine-${name}_test_label.csv`, each((row) => (isStrange(row) ? 1 : 0)).join('\n'));
  }
  file('cmu/typing.csv.gz', gzipSync(typingTable(6, 400)));
  for (let user = 1; user <= 4; user++)
    for (let session = 1; session <= 4; session++)
      file(`balabit/training_files/user${user}/session_${session}`, mouseSession(user, session));
};

const cheap = '--detectors statistics,ewma';

/** Measuring models on small sets in the form of the public ones, by detectors that need no training. */
export const evaluation: Scenario = {
  title: 'evaluation',
  prepare: async ({ shell }) => {
    writeSets(shell.folder);
    return [
      ['--data nab', '--data nab=nab'],
      ['--data smd', '--data smd=smd'],
      ['--data attacks', '--data attacks=smd'],
      ['--data cmu', '--data cmu=cmu'],
      ['--data balabit', '--data balabit=balabit'],
      [' ebbtide,pca', ' statistics,pca'],
    ];
  },
  commands: {
    'ebbtide evaluate anomaly --data nab --html nab.html': { says: /nab\.html/, adds: cheap },
    'ebbtide evaluate anomaly --data smd --html smd.html': { says: /smd\.html/, adds: cheap },
    'ebbtide evaluate anomaly --data smd --json': { says: /"figures":/, adds: cheap },
    'ebbtide evaluate anomaly --data smd --detectors shipped,shippedCold': /shippedCold/,
    'ebbtide evaluate anomaly --data attacks': /boiling|poison/i,
    'ebbtide evaluate anomaly --data ./my-telemetry': { says: /ewma/, adds: cheap },
    'ebbtide evaluate anomaly --data ./telemetry --detectors ebbtide,pca': /pca/,
    'ebbtide evaluate biometric --data balabit': /quantileLogistic/,
    'ebbtide evaluate biometric --data cmu --detectors statistical,scaledManhattan': /scaledManhattan/,
    'ebbtide evaluate biometric --data cmu --html cmu.html': { says: /cmu\.html/, adds: '--detectors statistical' },
  },
};
