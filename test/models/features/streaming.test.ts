import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lastValueFrom, of } from 'rxjs';
import { resourceFeatures, resourceMetrics } from '../../../models/features/resource.ts';
import { windowVectors } from '../../../models/training/windows.ts';
import type { DecodedBatch, InputMessage } from '../../../operators/batch.ts';
import { featurize } from '../../../operators/featurize.ts';
import { KeyedState } from '../../../operators/keyedState.ts';
import { windowByKey } from '../../../operators/windowByKey.ts';
import { SampleTable } from '../../../schemas/samples.ts';

const rowsPerWindow = 5;
const everyMs = 2000;
const begin = 1_700_000_000_000;
const rules = { windowMs: rowsPerWindow * everyMs, graceMs: 0, silenceMs: 1e9, maxAheadMs: 1e12, maxPastMs: 1e12 };
const joined = { control: 0, credentials: 0, labels: 0 };

/** Rows as the messages of one subject, one sample a message, and what the live chain makes vectors of. */
const stream = async (columns: readonly Float64Array[]): Promise<Map<number, Float32Array>> => {
  const rows = columns[0]!.length;
  const samples = new SampleTable(resourceMetrics.length);
  const messages: InputMessage[] = [];
  const firstRow: number[] = [];
  for (let row = 0; row <= rows; row++) {
    const time = begin + row * everyMs;
    firstRow.push(samples.rows);
    messages.push({ offset: row, timestamp: time, key: null, value: null });
    // A row in which everything is missing is a gap: nothing was sent. The row after the last closes its window.
    if (row < rows && columns.every((column) => Number.isNaN(column[row]!))) continue;
    const at = samples.next();
    samples.values.set([time, ...columns.map((column) => (row < rows ? column[row]! : 1))], at);
  }
  firstRow.push(samples.rows);
  const batch: DecodedBatch = {
    messages,
    replayBefore: 0,
    subjects: messages.map(() => 'subject'),
    firstRow,
    samples,
    clocks: new Map(),
    rejected: [],
    refusedSamples: 0,
  };
  const { events, vectors } = await lastValueFrom(
    of(batch).pipe(
      windowByKey(new KeyedState(), { now: 0, joined, history: [] }, () => rules, resourceMetrics.length, {
        samples: 0,
        late: 0,
        rejected: 0,
      }),
      featurize(resourceFeatures, resourceMetrics.length),
    ),
  );
  const { size } = resourceFeatures;
  return new Map(
    events.map((event, i) => [(event.windowStart - begin) / rules.windowMs, vectors.slice(i * size, (i + 1) * size)]),
  );
};

test('training and streaming make the same vectors from the same records, with gaps and NaN', async () => {
  const amount = fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: 0, max: 1e12, noNaN: true }) },
    { weight: 2, arbitrary: fc.constant(Number.NaN) },
    { weight: 1, arbitrary: fc.constant(0) },
  );
  const row = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.array(amount, { minLength: resourceMetrics.length, maxLength: resourceMetrics.length }),
    },
    { weight: 1, arbitrary: fc.constant(resourceMetrics.map(() => Number.NaN)) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 5, maxLength: 40 }), async (rows) => {
      const windows = Math.floor(rows.length / rowsPerWindow);
      const kept = rows.slice(0, windows * rowsPerWindow);
      const columns = resourceMetrics.map((_, metric) => Float64Array.from(kept, (values) => values[metric]!));
      const trained = windowVectors(resourceFeatures, columns, 0, windows, rowsPerWindow);
      const streamed = await stream(columns);
      const { size } = resourceFeatures;
      for (let window = 0; window < windows; window++) {
        const vector = trained.subarray(window * size, (window + 1) * size);
        const live = streamed.get(window);
        // A window without a single sample never opens; training gives it a vector in which everything is missing.
        if (live) assert.deepEqual(live, vector, `window ${window}`);
        else assert.ok(vector.every(Number.isNaN), `window ${window}`);
      }
    }),
    { numRuns: 100 },
  );
});
