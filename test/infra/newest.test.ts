import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Newest } from '../../infra/newest.ts';

test('Newest keeps what is newest by its own time, whatever comes last', () => {
  const kept = new Newest<string>(3);
  const gone = [9, 7, 8, 1, 10, 2].map((at) => kept.set(`k${at}`, `v${at}`, at));
  assert.deepEqual(kept.values(), ['v10', 'v9', 'v8']);
  assert.deepEqual(gone, [undefined, undefined, undefined, 1, 7, 2]);
  assert.deepEqual([kept.size, kept.has('k1'), kept.get('k9')], [3, false, 'v9']);
});

test('Newest moves what is set again, and tells what is of the same time apart', () => {
  const kept = new Newest<number>(3);
  for (const key of ['a', 'b', 'c']) kept.set(key, 1, 5);
  assert.equal(kept.set('b', 2, 4), undefined);
  assert.equal(kept.set('d', 3, 6), 4);
  assert.deepEqual(kept.values(), [3, 1, 1]);
  kept.set('a', 7, 7);
  assert.deepEqual([kept.values(), kept.size], [[7, 3, 1], 3]);
});
