import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SpooledRecord } from '../../../../infra/agents/host/segment.ts';
import { type Lease, Spool } from '../../../../infra/agents/host/spool.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import { temporaryFolder } from '../../../services/folder.ts';

const schema = '"string"';
const record = (id: number, samples = 1, bytes = 40): SpooledRecord => ({
  key: `key-${id}`,
  body: Buffer.alloc(bytes, id % 251),
  samples,
});
const idOf = ({ key }: SpooledRecord) => Number(key.slice(4));
const open = (folder: string, limitBytes = 2_000, segmentBytes = 300) =>
  new Spool({ folder, limitBytes, schema, segmentBytes });
const bytesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.spool'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
/** What kill -9 leaves: the files as they are, and a lock of a process that is gone. */
const crash = (folder: string, spool: Spool) => {
  spool.close();
  writeFileSync(join(folder, 'lock'), '4194304 1');
};
const drain = (spool: Spool): number[] => {
  const ids: number[] = [];
  for (let lease = spool.take(7, 1_000); lease; lease = spool.take(7, 1_000)) {
    ids.push(...lease.records.map(idOf));
    spool.commit(lease);
  }
  return ids;
};

type Step =
  | { do: 'append'; samples: number; bytes: number }
  | { do: 'take' | 'commit' | 'release' | 'crash' }
  | { do: 'tear'; cut: number; junk: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      samples: fc.integer({ min: 0, max: 9 }),
      bytes: fc.integer({ min: 0, max: 150 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('take' as const, 'commit' as const, 'release' as const, 'crash' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('tear' as const),
      cut: fc.integer({ min: 0, max: 60 }),
      junk: fc.integer({ min: 0, max: 60 }),
    }),
  },
);

test('Spool must keep order, bound and count through any sequence of appends, sends, crashes and torn tails', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const folder = mkdtempSync(join(tmpdir(), 'ebbtide-spool-'));
      let spool = open(folder);
      let lease: Lease | undefined;
      let next = 0;
      let taken = -1;
      let sent = 0;
      let appended = 0;
      let tornSamples = 0;
      let givenUpBefore = 0;
      const check = () => assert.ok(bytesIn(folder) <= 2_000, `${bytesIn(folder)} bytes on disk`);
      for (const one of steps) {
        if (one.do === 'append') {
          spool.append(record(next++, one.samples, one.bytes));
          appended += one.samples;
        } else if (one.do === 'take') {
          lease ??= spool.take(3, 200);
          // Whatever is taken follows what was committed: nothing committed comes again, nothing comes out of order.
          for (const id of lease?.records.map(idOf) ?? []) assert.ok(id > taken);
          const ids = lease?.records.map(idOf) ?? [];
          assert.deepEqual(
            ids,
            [...ids].sort((a, b) => a - b),
          );
        } else if (one.do === 'commit' && lease) {
          taken = idOf(lease.records.at(-1)!);
          sent += lease.records.reduce((sum, { samples }) => sum + samples, 0);
          spool.commit(lease);
          lease = undefined;
        } else if (one.do === 'release' && lease) {
          spool.release(lease);
          lease = undefined;
        } else if (one.do === 'crash' || one.do === 'tear') {
          if (lease) spool.release(lease);
          lease = undefined;
          const before = spool.samples;
          givenUpBefore += spool.givenUpSamples;
          crash(folder, spool);
          const last = readdirSync(folder)
            .filter((name) => name.endsWith('.spool'))
            .sort()
            .at(-1);
          if (one.do === 'tear' && last) {
            const path = join(folder, last);
            truncateSync(path, Math.max(0, statSync(path).size - one.cut));
            appendFileSync(path, Buffer.alloc(one.junk, 0xa5));
          }
          spool = open(folder);
          assert.ok(spool.samples <= before);
          if (one.do === 'crash') assert.equal(spool.samples, before);
          tornSamples += before - spool.samples;
        }
        if (one.do !== 'tear') check();
      }
      if (lease) spool.release(lease);
      assert.equal(spool.samples + sent + spool.givenUpSamples + givenUpBefore + tornSamples, appended);
      const rest = drain(spool);
      assert.deepEqual(
        rest,
        [...new Set(rest)].sort((a, b) => a - b),
      );
      assert.ok((rest[0] ?? Number.POSITIVE_INFINITY) > taken);
      assert.equal(spool.samples, 0);
      spool.close();
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 150 },
  );
});

test('Spool must give up the oldest first and say exactly how many samples', (t) => {
  const spool = open(temporaryFolder(t));
  for (let id = 0; id < 100; id++) spool.append(record(id, 2));
  const rest = drain(spool);
  assert.equal(rest.at(-1), 99);
  assert.deepEqual(
    rest,
    Array.from({ length: rest.length }, (_, i) => 100 - rest.length + i),
  );
  assert.equal(spool.givenUpSamples, 2 * (100 - rest.length));
  spool.close();
});

test('Spool must not count as given up what was being sent and arrived', (t) => {
  for (const arrives of [true, false]) {
    const spool = open(temporaryFolder(t));
    for (let id = 0; id < 4; id++) spool.append(record(id));
    const lease = spool.take(2, 1_000)!;
    for (let id = 4; id < 100; id++) spool.append(record(id));
    arrives ? spool.commit(lease) : spool.release(lease);
    const rest = drain(spool);
    assert.equal(rest.length + spool.givenUpSamples + (arrives ? 2 : 0), 100);
    spool.close();
  }
});

test('Spool must send again after a crash between sending and committing, and only that', (t) => {
  const folder = temporaryFolder(t);
  const spool = open(folder);
  for (let id = 0; id < 6; id++) spool.append(record(id));
  spool.commit(spool.take(2, 1_000)!);
  spool.take(2, 1_000);
  crash(folder, spool);
  const again = open(folder);
  assert.deepEqual(drain(again), [2, 3, 4, 5]);
  again.close();
});

test('Spool must send everything again when its cursor is lost or damaged', (t) => {
  for (const damage of [(path: string) => unlinkSync(path), (path: string) => writeFileSync(path, 'x'.repeat(20))]) {
    const folder = temporaryFolder(t);
    const spool = open(folder, 20_000, 20_000);
    for (let id = 0; id < 4; id++) spool.append(record(id));
    spool.commit(spool.take(2, 1_000)!);
    spool.close();
    damage(join(folder, 'cursor'));
    const again = open(folder);
    assert.deepEqual(drain(again), [0, 1, 2, 3]);
    again.close();
  }
});

test('Spool must hand out records with the schema that they were written with', (t) => {
  const folder = temporaryFolder(t);
  const old = open(folder);
  old.append(record(0));
  old.close();
  const spool = new Spool({ folder, limitBytes: 2_000, schema: '"long"' });
  spool.append(record(1));
  const first = spool.take(10, 1_000)!;
  assert.deepEqual([first.schema, first.records.map(idOf)], ['"string"', [0]]);
  spool.commit(first);
  const second = spool.take(10, 1_000)!;
  assert.deepEqual([second.schema, second.records.map(idOf)], ['"long"', [1]]);
  spool.close();
});

test('Spool must refuse a folder that another agent uses, and a record that cannot fit', (t) => {
  const folder = temporaryFolder(t);
  const spool = open(folder);
  assert.throws(
    () => open(folder),
    (error) => isEbbtideError(error, 'CONFIG_INVALID') && error.message.includes(String(process.pid)),
  );
  assert.throws(
    () => spool.append(record(0, 1, 3_000)),
    (error) => isEbbtideError(error, 'SPOOL_FULL'),
  );
  assert.equal(spool.records, 0);
  spool.close();
  open(folder).close();
});

test('Spool must keep its files for its owner only', (t) => {
  const folder = join(temporaryFolder(t), 'spool');
  const spool = open(folder);
  spool.append(record(0));
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o077, 0, name);
  assert.ok(readFileSync(join(folder, '0000000001.spool')).length > 0);
  spool.close();
});
