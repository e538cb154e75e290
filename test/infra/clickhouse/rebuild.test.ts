import assert from 'node:assert/strict';
import { test } from 'node:test';
import { merged, type Row } from '../../../infra/clickhouse/rebuild.ts';
import { decoderOf, RowReader } from '../../../infra/clickhouse/rowReader.ts';
import { RowWriter } from '../../../infra/clickhouse/rowWriter.ts';

const sample = (offset: number, sampleIndex: number): Row => ({
  offset,
  timestamp: offset * 10,
  fields: { credentialId: 'c', host: 'h', sentAt: 1, sampleIndex, time: sampleIndex },
});
const clock = (offset: number, time: number | null): Row => ({
  offset,
  timestamp: offset * 10,
  fields: {
    credentialId: '',
    host: '',
    sentAt: 2,
    time,
    controlOffset: 3,
    credentialsOffset: 4,
    labelsOffset: 5,
    modelSequence: 6,
  },
});

test('merged must put samples and clocks back into messages in order, each once', () => {
  const messages = merged(
    [sample(1, 0), sample(1, 0), sample(1, 1), sample(4, 0), sample(4, 0)],
    [clock(0, 7), clock(0, 7), clock(2, null), clock(4, 8), clock(9, 9)],
  );
  assert.deepEqual(
    messages.map(({ offset, timestamp, record }) => [offset, timestamp, record.samples.length, record.clock?.time]),
    [
      [0, 0, 0, 7],
      [1, 10, 2, undefined],
      [2, 20, 0, undefined],
      [4, 40, 1, 8],
      [9, 90, 0, 9],
    ],
  );
  assert.deepEqual(messages[0]!.record.clock, {
    time: 7,
    controlOffset: 3,
    credentialsOffset: 4,
    labelsOffset: 5,
    modelSequence: 6,
  });
});

test('RowReader must read what RowWriter wrote', () => {
  const to = new RowWriter();
  to.text('grün');
  to.uint8(1);
  to.uint8(0);
  to.float64(0.1);
  to.int64(-5_000_000_000);
  to.count(1);
  to.text('key');
  to.float64(2);
  const from = new RowReader(to.bytes());
  assert.equal(decoderOf('String')(from), 'grün');
  assert.equal(decoderOf('Nullable(Float64)')(from), null);
  assert.equal(decoderOf('Nullable(Float64)')(from), 0.1);
  assert.equal(decoderOf("DateTime64(3, 'UTC')")(from), -5_000_000_000);
  assert.deepEqual(decoderOf('Map(String, Float64)')(from), { key: 2 });
  assert.equal(from.done, true);
  assert.throws(() => from.float64(), RangeError);
  assert.throws(() => decoderOf('UUID'), TypeError);
});
