import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { inventedTyping } from '../../models/biometric/people.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from './ebbtide.ts';

const writeSeries = (folder: string): void => {
  const rows = Array.from({ length: 400 }, (_, row) => {
    const time = new Date(1.7e12 + row * 60_000).toISOString();
    const strange = row >= 300 && row < 315;
    return `${time},${(Math.sin(row) + (strange ? 9 : 0)).toFixed(3)},${Math.cos(row).toFixed(3)},${strange ? 1 : 0}`;
  });
  writeFileSync(join(folder, 'host.csv'), `time,cpu,memory,label\n${rows.join('\n')}\n`);
};

test('ebbtide evaluate measures one’s own series: figures on standard output, progress on standard error, a page', async (t) => {
  const folder = temporaryFolder(t);
  writeSeries(folder);
  const page = join(folder, 'page.html');
  const args = ['evaluate', 'anomaly', '--data', folder, '--detectors', 'statistics,ewma'];
  const { status, stdout, stderr } = await ebbtide([...args, '--json', '--html', page]);
  assert.equal(status, exitCodes.ok, stderr);
  const { name, figures, environment } = JSON.parse(stdout);
  assert.equal(name, 'anomaly-own');
  assert.equal(figures.series, 1);
  assert.ok(Object.values(figures).every((value) => typeof value === 'number'));
  assert.ok(figures.aucPr > 0.5);
  assert.equal(environment.node, process.versions.node);
  assert.match(stderr, /Evaluating/);
  assert.match(readFileSync(page, 'utf8'), /^<!doctype html>[\s\S]*<svg/);
  const plain = await ebbtide(args);
  assert.match(plain.stdout, /Alarms at p ≤ 0\.1 %\ndetector +series/);
});

test('ebbtide evaluate says what is missing or unknown', async (t) => {
  const empty = temporaryFolder(t);
  for (const [args, what, expected] of [
    [['--data', `nab=${empty}`], /docs\/evaluation\.md says where to get it/, exitCodes.failed],
    [['--data', empty], /not there or empty/, exitCodes.failed],
    [['--data', 'mnist=/tmp'], /No data set is named mnist; there are nab, smd/, exitCodes.usage],
  ] as const) {
    const { status, stdout, stderr } = await ebbtide(['evaluate', 'anomaly', ...args]);
    assert.equal(status, expected, stderr);
    assert.match(stderr, what);
    assert.equal(stdout, '');
  }
});

test('ebbtide evaluate biometric measures verifiers of keystrokes on a set of CMU’s form', async (t) => {
  const folder = temporaryFolder(t);
  const { timings, typists } = inventedTyping(6, 400);
  const names = Array.from({ length: timings }, (_, i) => `${['H', 'DD', 'UD'][i % 3]}.${Math.ceil(i / 3)}`);
  const rows = typists.flatMap(({ name, seconds }) =>
    Array.from({ length: 400 }, (_, i) =>
      [name, 1, i + 1, ...seconds.subarray(i * timings, (i + 1) * timings)].join(','),
    ),
  );
  writeFileSync(
    join(folder, 'typing.csv.gz'),
    gzipSync(`subject,sessionIndex,rep,${names.join(',')}\n${rows.join('\n')}\n`),
  );
  const page = join(folder, 'page.html');
  const args = ['evaluate', 'biometric', '--data', `cmu=${folder}`, '--detectors', 'statistical,euclidean'];
  const { status, stdout, stderr } = await ebbtide([...args, '--json', '--html', page]);
  assert.equal(status, exitCodes.ok, stderr);
  const { name, figures } = JSON.parse(stdout);
  assert.equal(name, 'biometric-cmu');
  for (const figure of [
    'eerMean',
    'eerSd',
    'eerPractised',
    'zeroMissFalseAlarm',
    'ownersAtLeast6h',
    'impostorsAtMost1h',
  ])
    assert.ok(figures[figure] >= 0 && figures[figure] <= 1, figure);
  assert.ok(figures.eerMean < 0.05, `${figures.eerMean}`);
  assert.ok(!('eerMeanBackground' in figures));
  assert.match(readFileSync(page, 'utf8'), /Lifespans granted[\s\S]*Detection error trade-off[\s\S]*<svg/);
  const unknown = await ebbtide(['evaluate', 'biometric', '--data', `cmu=${folder}`, '--detectors', 'oracle']);
  assert.equal(unknown.status, exitCodes.usage);
  assert.match(unknown.stderr, /No verifier of keystrokes is named oracle; there are statistical, comparator/);
});
