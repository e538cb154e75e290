import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SubjectReservoir } from '../../../../models/training/telemetry/reservoir.ts';

const names = Array.from({ length: 500 }, (_, i) => `subject-${i}`);

const sample = (order: readonly string[], seed: number): string[] => {
  const reservoir = new SubjectReservoir(20, seed);
  for (const name of order) reservoir.see(name, 5, 9, 1);
  return reservoir.extents().map(({ subject }) => subject);
};

test('SubjectReservoir keeps the same subjects in any order, and others with another seed', () => {
  const forward = sample(names, 1);
  assert.equal(forward.length, 20);
  assert.deepEqual(sample(names.toReversed(), 1), forward);
  assert.notDeepEqual(sample(names, 2), forward);
});

test('SubjectReservoir joins what is told of one subject', () => {
  const reservoir = new SubjectReservoir(2, 1);
  reservoir.see('a', 10, 20, 3);
  reservoir.see('a', 5, 12, 2);
  const [{ firstMs, lastMs, samples }] = reservoir.extents() as [ReturnType<typeof reservoir.extents>[number]];
  assert.deepEqual({ firstMs, lastMs, samples }, { firstMs: 5, lastMs: 20, samples: 5 });
});

test('SubjectReservoir chooses uniformly', () => {
  const chosen = new Map<string, number>();
  for (let seed = 0; seed < 200; seed++)
    for (const name of sample(names.slice(0, 100), seed)) chosen.set(name, (chosen.get(name) ?? 0) + 1);
  // 40 expected of each, deviation 5.7
  for (const count of chosen.values()) assert.ok(count > 10 && count < 75, `${count} times of 200`);
});
