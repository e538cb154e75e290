import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeAll } from '../../../infra/cli/lifetime.ts';
import { duration, table } from '../../../infra/cli/terminal.ts';
import { durationMs, wholeNumber } from '../../../infra/cli/values.ts';
import { nearest } from '../../../infra/config/nearest.ts';

test('closeAll closes the last first, and goes on when one fails', async () => {
  const closed: string[] = [];
  const said: string[] = [];
  const closable = (name: string, fails = false) => ({
    name,
    close: async () => {
      closed.push(name);
      if (fails) throw new Error('stuck');
    },
  });
  const clean = await closeAll([closable('servers'), closable('pipeline', true), closable('console')], (line) =>
    said.push(line),
  );
  assert.deepEqual(closed, ['console', 'pipeline', 'servers']);
  assert.deepEqual([clean, said], [false, ['pipeline did not close cleanly: stuck']]);
});

test('duration speaks to people', () => {
  const cases: [number, string][] = [
    [12, '12 ms'],
    [1_500, '1.5 s'],
    [59_000, '59 s'],
    [65_000, '1 min 5 s'],
    [3_600_000, '1 h'],
    [97_200_000, '1 d 3 h'],
  ];
  for (const [ms, words] of cases) assert.equal(duration(ms), words);
});

test('durationMs reads what people write, and refuses the rest', () => {
  assert.deepEqual(['90s', '30m', '1.5h', '2d'].map(durationMs), [90_000, 1_800_000, 5_400_000, 172_800_000]);
  for (const text of ['', '5', '-1h', '0s', '1w', 'h']) assert.throws(() => durationMs(text), /such as/, text);
});

test('wholeNumber refuses what is none, or out of range', () => {
  assert.equal(wholeNumber(1, 5)('3'), 3);
  for (const text of ['', '0', '6', '1.5', 'x']) assert.throws(() => wholeNumber(1, 5)(text), /from 1 to 5/, text);
});

test('table aligns numbers to the right and text to the left', () => {
  assert.deepEqual(
    table(
      ['name', 'n'],
      [
        ['a', 5],
        ['long', 100],
      ],
    ),
    ['name    n', 'a       5', 'long  100'],
  );
});

test('nearest finds the word that was meant, and none where nothing is near', () => {
  assert.equal(nearest('treshold', ['threshold', 'window']), 'threshold');
  assert.equal(nearest('zzz', ['threshold', 'window']), undefined);
  assert.equal(nearest('x', []), undefined);
});
