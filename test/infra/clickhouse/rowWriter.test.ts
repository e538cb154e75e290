import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RowWriter } from '../../../infra/clickhouse/rowWriter.ts';

test("RowWriter.int64 must write every safe integer as little-endian two's complement", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const to = new RowWriter();
      to.int64(value);
      assert.equal(to.bytes().readBigInt64LE(), BigInt(value));
    }),
  );
});

test('RowWriter.count must write LEB128', () => {
  const written = (value: number) => {
    const to = new RowWriter();
    to.count(value);
    return [...to.bytes()];
  };
  assert.deepEqual(written(0), [0]);
  assert.deepEqual(written(127), [127]);
  assert.deepEqual(written(128), [0x80, 1]);
  assert.deepEqual(written(624_485), [0xe5, 0x8e, 0x26]);
  assert.deepEqual(written(2 ** 35), [0x80, 0x80, 0x80, 0x80, 0x80, 1]);
});

test('RowWriter must grow beyond its first buffer, and rewind must forget what follows', () => {
  const to = new RowWriter();
  const long = 'ä'.repeat(40_000);
  to.text(long);
  const length = to.length;
  to.float64(1);
  to.rewind(length);
  assert.equal(to.bytes().subarray(3).toString(), long);
});
