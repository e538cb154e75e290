import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reused } from '../../operators/reused.ts';

test('Reused gives each batch the same objects, each once, and lets those of a burst go', () => {
  const reused = new Reused(() => ({ value: Number.NaN }));
  const take = (count: number) => Array.from({ length: count }, () => reused.next());
  reused.begin();
  const first = take(3);
  assert.equal(new Set(first).size, 3);
  reused.begin();
  const second = take(5000);
  assert.deepEqual([second[0], second[1], second[2]], first);
  assert.ok(second[0] === first[0] && second[2] === first[2]);
  assert.equal(new Set(second).size, 5000);
  reused.begin();
  reused.begin();
  const third = take(5000);
  assert.equal(third[0], second[0]);
  assert.ok(!second.includes(third[4999]!));
});
