import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fileAccesses } from '../../../infra/files/access.ts';
import { type PairEvent, pairOf } from '../../../models/access/population.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { temporaryFolder } from '../../services/folder.ts';

const everything = { fromMs: 0, toMs: 8.64e15 };

test('fileAccesses() reads users, machines, times in both forms and durations, compressed or not', async (t) => {
  const folder = temporaryFolder(t);
  const text = 'user,vm,time,durationMs\nada,build-7,1767607200000,60000\n"b,ob",,2026-01-05T11:00:00Z,\n';
  const seen: PairEvent[][] = [];
  for (const [name, bytes] of [
    ['a.csv', Buffer.from(text)],
    ['a.csv.gz', gzipSync(text)],
  ] as const) {
    writeFileSync(join(folder, name), bytes);
    const source = fileAccesses(join(folder, name));
    const active: [string, number][] = [];
    await source.activity(everything, (pair, hour) => active.push([pair, hour]));
    assert.deepEqual(active, [
      [pairOf('ada', 'build-7'), 491002],
      ['b,ob', 491003],
    ]);
    const events: PairEvent[] = [];
    await source.events(everything, new Set(active.map(([pair]) => pair)), (event) => events.push(event));
    seen.push(events);
  }
  assert.deepEqual(seen[0], seen[1]);
  assert.deepEqual(
    seen[0]!.map(({ event }) => [event.kind, event.timeMs]),
    [
      ['access', 1767607200000],
      ['end', 1767607260000],
      ['access', 1767610800000],
    ],
  );
});

test('fileAccesses() says where a file is wrong', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'a.csv');
  for (const [text, expected] of [
    ['who,time\nada,1\n', /line 1, column user: the header lacks it/],
    ['user,time,mood\nada,1,good\n', /column mood: there is no such column/],
    ['user,time\nada,yesterday\n', /line 2, column time: "yesterday" is neither/],
    ['user,time\n,1\n', /line 2, column user: it is empty/],
    ['user,time\nada\n', /line 2, column 1: it has 1 cells, the header has 2/],
    ['user,time,durationMs\nada,1,-5\n', /"-5" is no duration/],
  ] as const) {
    writeFileSync(file, text);
    await assert.rejects(
      fileAccesses(file).activity(everything, () => undefined),
      (error) => isEbbtideError(error, 'RECORD_MALFORMED') && expected.test(error.message),
    );
  }
  assert.throws(() => fileAccesses(join(folder, 'none.csv')), /cannot be read/);
  assert.throws(() => fileAccesses('a.json'), /must end in \.csv/);
});
