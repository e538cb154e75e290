import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedReads } from '../../../../infra/console/desk/sharedReads.ts';

test('fifty pages that are told of the same change must share one reading', async () => {
  let now = 0;
  let reads = 0;
  const shared = new SharedReads(() => now);
  const read = async () => ++reads;
  const pages = (version: number) =>
    Promise.all(Array.from({ length: 50 }, () => shared.get('scope 86400000', version, read)));
  assert.deepEqual(new Set(await pages(1)), new Set([1]));
  now = 14_999;
  assert.deepEqual(new Set(await pages(1)), new Set([1]));
  assert.deepEqual(new Set(await pages(2)), new Set([2]), 'it changed');
  now += 15_000;
  assert.deepEqual(new Set(await pages(2)), new Set([3]), 'the time up to now has grown by a quarter of a minute');
  assert.equal(await shared.get('scope 3600000', 2, read), 4, 'another range');
});

test('what failed must fail for all who joined, and be read anew after that', async () => {
  const shared = new SharedReads(() => 0);
  const refuse = () => Promise.reject(new Error('away'));
  const both = await Promise.allSettled([shared.get('keys', 1, refuse), shared.get('keys', 1, async () => 1)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(await shared.get('keys', 1, async () => 2), 2);
});

test('what is still being read must be joined however long that takes, and be given again after that', async () => {
  let now = 0;
  let reads = 0;
  let answer = (_reads: number): void => {};
  const shared = new SharedReads(() => now);
  const get = () =>
    shared.get('keys', 1, () => {
      reads += 1;
      return new Promise<number>((resolve) => {
        answer = resolve;
      });
    });
  const first = get();
  now = 60_000;
  const second = get();
  answer(1);
  assert.deepEqual([await first, await second, reads], [1, 1, 1]);
  now = 74_999;
  assert.equal(await get(), 1);
  now = 75_000;
  void get();
  assert.equal(reads, 2);
});
