import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimerQueue } from '../../../operators/preprovision/timerQueue.ts';

test('TimerQueue gives what is due in order of time, then of name, whatever was set, moved and cancelled before', () => {
  const step = fc.record({
    name: fc.integer({ min: 0, max: 40 }),
    timeMs: fc.integer({ min: 0, max: 20 }),
    kind: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new TimerQueue();
      const expected = new Map<string, number>();
      for (const { name: number, timeMs, kind } of steps) {
        const name = `n${number}`;
        if (kind === 0) assert.equal(queue.cancel(name), expected.delete(name));
        else if (kind === 1 && timeMs < 5) {
          const due = [...expected].filter(([, at]) => at <= timeMs);
          due.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
          assert.deepEqual(
            queue.take(timeMs),
            due.map(([name, at]) => ({ name, timeMs: at })),
          );
          for (const [name] of due) expected.delete(name);
        } else {
          queue.set(name, timeMs);
          expected.set(name, timeMs);
        }
      }
      assert.equal(queue.size, expected.size);
      assert.deepEqual(new Map([...queue.entries()].map(({ name, timeMs }) => [name, timeMs])), expected);
    }),
  );
});

test('TimerQueue holds a hundred thousand timers, and gives room back', () => {
  const queue = new TimerQueue();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 100_000; i++) queue.set(`pair-${i}`, (i * 7919) % 100_003);
    assert.equal(
      queue.take(50_000).length,
      Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_003).filter((at) => at <= 50_000).length,
    );
    queue.take(Number.POSITIVE_INFINITY);
    assert.equal(queue.size, 0);
  }
});
