import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import avro from 'avsc';
import fc from 'fast-check';
import { isEbbtideError } from '../../schemas/errors.ts';
import { type ResourceTelemetry, ResourceTelemetrySchema } from '../../schemas/generated/index.ts';
import { compileSampleReader, type SampleLayout, SampleTable } from '../../schemas/samples.ts';

const type = avro.Type.forSchema(ResourceTelemetrySchema as never);
const metrics = [
  'cpuCores',
  'memoryBytes',
  'receivedBytes',
  'sentBytes',
  'readBytes',
  'writtenBytes',
  'apiCalls',
  'apiErrors',
  'dataReads',
  'dataWrites',
  'connections',
  'threads',
] as const;
const layout: SampleLayout = { key: 'credentialId', samples: 'samples', time: 'time', metrics };
const value = fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }), { nil: null });
const sample = fc.record({
  time: fc.nat({ max: 53 }).chain((bits) => fc.integer({ min: 0, max: Math.min(2 ** bits, Number.MAX_SAFE_INTEGER) })),
  ...Object.fromEntries(metrics.map((name) => [name, value])),
  custom: fc.dictionary(fc.string(), fc.double({ noNaN: true })),
});
const clock = fc.record({
  time: fc.integer({ min: 0, max: 2 ** 52 }),
  controlOffset: fc.integer({ min: 0, max: 2 ** 52 }),
  credentialsOffset: fc.integer({ min: 0, max: 2 ** 52 }),
  labelsOffset: fc.integer({ min: 0, max: 2 ** 52 }),
});
const telemetry = fc.record({
  credentialId: fc.string({ unit: 'grapheme', maxLength: 90 }),
  host: fc.string(),
  sentAt: fc.integer(),
  samples: fc.array(sample, { maxLength: 20 }),
  clock: fc.option(clock, { nil: null }),
}) as unknown as fc.Arbitrary<ResourceTelemetry>;

describe('compileSampleReader', () => {
  const read = compileSampleReader(type, layout);

  it('reads what avsc wrote, whatever the record', () => {
    fc.assert(
      fc.property(fc.array(telemetry, { maxLength: 5 }), (records) => {
        const table = new SampleTable(metrics.length, 1);
        for (const record of records) assert.equal(read(type.toBuffer(record), 0, table), record.credentialId);
        const samples = records.flatMap((record) => record.samples);
        assert.equal(table.rows, samples.length);
        samples.forEach((one, row) => {
          const expected = [one.time, ...metrics.map((name) => one[name] ?? Number.NaN)];
          assert.deepEqual([...table.values.subarray(row * table.width, (row + 1) * table.width)], expected);
        });
      }),
    );
  });

  it('refuses every truncation, and leaves the table as it was', () => {
    fc.assert(
      fc.property(telemetry, fc.nat(), (record, cut) => {
        const body = type.toBuffer(record);
        const table = new SampleTable(metrics.length, 1);
        assert.throws(
          () => read(body.subarray(0, cut % body.length), 0, table),
          (error) => isEbbtideError(error, 'RECORD_MALFORMED'),
        );
        assert.equal(table.rows, 0);
      }),
    );
  });

  it('never crashes or hangs on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        const table = new SampleTable(metrics.length, 1);
        try {
          read(Buffer.from(body), 0, table);
        } catch (error) {
          assert.ok(isEbbtideError(error), String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1])
    it(`leaves out the sample with ${bad}, names it, and keeps the others`, () => {
      const good = { time: 1, ...Object.fromEntries(metrics.map((name) => [name, null])), custom: {} };
      const samples = [good, { ...good, memoryBytes: bad, threads: bad }, { ...good, time: 3 }];
      const table = new SampleTable(metrics.length);
      const bytes = (list: object[]) =>
        type.toBuffer({ credentialId: 'c', host: '', sentAt: 0, samples: list, clock: null });
      assert.equal(read(bytes(samples), 0, table), 'c');
      assert.deepEqual(table.refused, [{ index: 1, field: 'memoryBytes', value: bad }]);
      assert.equal(table.rows, 2);
      assert.deepEqual([table.values[0], table.values[table.width]], [1, 3]);
      read(bytes([good]), 0, table);
      assert.deepEqual(table.refused, []);
      assert.equal(table.rows, 3);
    });

  it('reads an older writer without a metric as missing and a newer one with more fields', () => {
    const older = avro.Type.forSchema({
      type: 'record',
      name: 'Old',
      fields: [
        { name: 'credentialId', type: 'string' },
        {
          name: 'samples',
          type: {
            type: 'array',
            items: {
              type: 'record',
              name: 'S',
              fields: [
                { name: 'extra', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
                { name: 'time', type: { type: 'long', logicalType: 'timestamp-millis' } },
                { name: 'threads', type: 'int' },
                { name: 'cpuCores', type: 'float' },
              ],
            },
          },
        },
        { name: 'tail', type: ['null', { type: 'fixed', name: 'F', size: 3 }] },
      ],
    });
    const table = new SampleTable(metrics.length);
    const body = older.toBuffer({
      credentialId: 'old',
      samples: [{ extra: 'B', time: 7, threads: 3, cpuCores: 0.5 }],
      tail: Buffer.from('abc'),
    });
    assert.equal(compileSampleReader(older, layout)(body, 0, table), 'old');
    assert.deepEqual([...table.values.subarray(0, 3)], [7, 0.5, Number.NaN]);
    assert.equal(table.values[12], 3);
  });
});
