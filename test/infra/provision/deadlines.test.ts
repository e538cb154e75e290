import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from '../../../infra/provision/deadlines.ts';

test('Deadlines must be due by the clock that is there first, whichever way the other is set', () => {
  let [wall, steady] = [1_000_000, 50];
  const deadlines = new Deadlines(
    () => wall,
    () => steady,
  );
  deadlines.set('early', wall + 1_000);
  deadlines.set('late', wall + 5_000);
  deadlines.set('past', wall - 1);
  assert.deepEqual(deadlines.takeDue(), ['past']);
  // An hour back, while a second passes
  wall -= 3_600_000;
  steady += 1_000;
  assert.deepEqual(deadlines.takeDue(), ['early']);
  // What is set by the clock that was set back is due by it
  deadlines.set('other', wall + 100);
  wall += 100;
  assert.deepEqual(deadlines.takeDue(), ['other']);
  assert.ok(deadlines.has('late'));
  // And forward: a secret ends early rather than late
  wall += 7_200_000;
  assert.deepEqual(deadlines.takeDue(), ['late']);
  assert.equal(deadlines.size, 0);
});
