import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lastValueFrom, toArray } from 'rxjs';
import { inOrderPerKey } from '../../../operators/actuate/inOrderPerKey.ts';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { TokenBucket } from '../../../operators/actuate/tokenBucket.ts';
import { WatchList } from '../../../operators/actuate/watchList.ts';

test('TokenBucket must never allow more than its burst and rate together', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 }),
      (perSecond, burst, gapsMs) => {
        const bucket = new TokenBucket({ perSecond, burst }, 0);
        let now = 0;
        let taken = 0;
        for (const gap of gapsMs) {
          now += gap;
          if (bucket.tryTake(now)) taken++;
        }
        assert.ok(taken <= burst + (now / 1000) * perSecond + 1e-6);
      },
    ),
  );
  const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, 0);
  assert.deepEqual([bucket.waitMs(0), bucket.waitMs(0), bucket.waitMs(0)], [0, 100, 200]);
});

test('LastSeen must forget what was set longest ago', () => {
  const seen = new LastSeen<string, number>(2);
  for (const key of ['a', 'b', 'a', 'c']) seen.set(key, 1);
  assert.deepEqual([seen.has('a'), seen.has('b'), seen.has('c'), seen.size], [true, false, true, 2]);
});

test('inOrderPerKey must keep the order of each key, the bound on keys, and begin with the most urgent', async () => {
  const items = Array.from({ length: 60 }, (_, n) => ({ key: `k${n % 10}`, n, urgent: n === 17 }));
  let running = 0;
  let most = 0;
  const begun: string[] = [];
  const done = await lastValueFrom(
    inOrderPerKey(
      items,
      { key: ({ key }) => key, concurrency: 3, rank: ({ urgent }) => (urgent ? 0 : 1) },
      async (group) => {
        begun.push(group[0]!.key);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return group.map(({ n }) => n);
      },
    ).pipe(toArray()),
  );
  assert.equal(begun[0], 'k7');
  assert.equal(most, 3);
  assert.equal(done.flat().length, 60);
  for (const numbers of done)
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
});

test('WatchList must look right after the granted expiry, ever more rarely, and hold no more than its capacity', () => {
  const list = new WatchList({ firstMs: 1_000, maxMs: 4_000, capacity: 2 });
  list.watch('a', 1_500, 1_500, 0);
  assert.equal(list.due(999, 10).length, 0);
  assert.equal(list.due(1_000, 10).length, 1);
  list.keep('a', 1_000);
  assert.equal(list.get('a')!.nextAt, 2_500, 'a second after it should have ended, or 1.5 s later');
  list.keep('a', 2_500);
  assert.equal(list.get('a')!.nextAt, 4_750);
  list.loosen('a', 9_000, 4_750);
  assert.deepEqual([list.get('a')!.limitExpiresAt, list.get('a')!.ttlMs], [null, 9_000]);
  assert.equal(list.watch('b', 1, 1, 0), true);
  assert.equal(list.watch('c', 1, 1, 0), false);
  assert.deepEqual([list.get('a'), list.size], [undefined, 2]);
});
