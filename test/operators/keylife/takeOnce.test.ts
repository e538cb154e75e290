import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeOnce } from '../../../operators/keylife/takeOnce.ts';

test('bursts of a batch that comes again are taken once; what was missing of it is taken', () => {
  const batches = new Map<string, number>();
  const take = (batch: string, ...places: number[]) => places.map((place) => takeOnce(batches, batch, place));
  assert.deepEqual(take('a', 0, 1), [true, true]);
  assert.deepEqual(take('b', 0), [true]);
  assert.deepEqual(take('a', 0, 1, 2), [false, false, true]);
  assert.deepEqual(take('', 0, 0), [true, true], 'whoever names no batch is always heard');
});

test('what is remembered of batches is bounded', () => {
  const batches = new Map<string, number>();
  for (let i = 0; i < 1_000; i++) assert.ok(takeOnce(batches, `b${i}`, 0));
  assert.equal(batches.size, 64);
  assert.equal(takeOnce(batches, 'b999', 0), false);
});
