import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TableMarks } from '../../../infra/jobs/tableMarks.ts';

const hour = 3_600_000;

test('TableMarks says where a table stood six hours ago, and never what came since', () => {
  let now = 0;
  const marks = new TableMarks(() => now);
  const stood: { at: number; position: number }[] = [];
  for (let position = 0; now < 30 * hour; now += 1_000, position++) {
    stood.push({ at: now, position });
    const longAgo = marks.longAgo(3, position);
    if (now < 6 * hour) assert.equal(longAgo, 0);
    else {
      const age = now - stood[longAgo]!.at;
      assert.ok(age >= 6 * hour && age < 6.5 * hour, `${age} ms`);
    }
  }
  assert.equal(marks.longAgo(4, 77), 0, 'each partition has marks of its own');
});
