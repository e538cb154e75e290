import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenWindows } from '../../operators/openWindows.ts';
import { TumblingWindows } from '../../operators/tumblingWindows.ts';

const windows = new TumblingWindows({ sizeMs: 1000, graceMs: 0 });
const metrics = 3;
const width = metrics + 1;

test('OpenWindows.add() adds rows to the same bits, together or one by one', () => {
  const amount = fc.oneof(fc.double({ min: 0, max: 1e12, noNaN: true }), fc.constant(Number.NaN));
  const row = fc.array(amount, { minLength: metrics, maxLength: metrics });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
      const values = Float64Array.from(rows.flatMap((row) => [5, ...row]));
      const aggregatesOf = (add: (open: OpenWindows, window: number) => void) => {
        const open = new OpenWindows(metrics);
        const window = open.locate(new Int32Array(1).fill(-1), 0, 5, windows, 0, { offset: 0, now: 5, before: 0 });
        add(open, window);
        assert.equal(open.samples[window], rows.length);
        return open.aggregates.slice(window * open.stride, (window + 1) * open.stride);
      };
      const together = aggregatesOf((open, window) => open.add(window, values, width, 0, rows.length));
      const singly = aggregatesOf((open, window) => {
        for (let at = 0; at < rows.length; at++) open.add(window, values, width, at, at + 1);
      });
      assert.deepEqual(together, singly);
      for (let metric = 0; metric < metrics; metric++) {
        const present = rows.map((row) => row[metric]!).filter((value) => !Number.isNaN(value));
        const [count, sum, , least, most] = together.subarray(metric * 5, metric * 5 + 5);
        assert.equal(count, present.length);
        assert.equal(
          sum,
          present.reduce((total, value) => total + value, 0),
        );
        assert.equal(least, Math.min(...present));
        assert.equal(most, Math.max(...present));
      }
    }),
  );
});
