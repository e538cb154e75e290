import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { Outbox } from '../../../../infra/agents/host/outbox.ts';
import type { SpooledRecord } from '../../../../infra/agents/host/segment.ts';
import { Spool } from '../../../../infra/agents/host/spool.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { rememberingLog, until } from '../support.ts';

const schema = '"string"';
const record = (id: number, bytes = 30): SpooledRecord => ({ key: String(id), body: Buffer.alloc(bytes), samples: 1 });

/** An outbox whose broker is `broker.mode`; what arrives is in `broker.ids`. */
const setUp = (folder: string, changes: { memoryBytes?: number; limitBytes?: number; sendTimeoutMs?: number } = {}) => {
  const broker = { mode: 'up' as 'up' | 'away' | 'hangs', ids: [] as number[], attempts: 0 };
  const spool = new Spool({ folder, limitBytes: changes.limitBytes ?? 100_000, schema, segmentBytes: 500 });
  const log = rememberingLog();
  const outbox = new Outbox({
    spool,
    schema,
    log,
    memoryBytes: changes.memoryBytes ?? 10_000,
    sendTimeoutMs: changes.sendTimeoutMs ?? 60_000,
    retryMinMs: 1,
    retryMaxMs: 4,
    send: async (records) => {
      broker.attempts++;
      await Promise.resolve();
      if (broker.mode === 'away') throw new Error('Broker is away');
      if (broker.mode === 'hangs') return new Promise(() => {});
      broker.ids.push(...records.map(({ key }) => Number(key)));
    },
  });
  return { broker, spool, outbox, log };
};
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const idle = (outbox: Outbox) => until('everything is sent', () => outbox.waitingSamples === 0);
const fresh = (t: TestContext, changes = {}) => setUp(temporaryFolder(t), changes);

test('Outbox must send in order and leave the disk alone while the broker is there', async (t) => {
  const { outbox, broker, spool } = fresh(t);
  for (const id of numbers(0, 50)) outbox.add(record(id));
  await idle(outbox);
  assert.deepEqual(broker.ids, numbers(0, 50));
  assert.equal(spool.bytes, 0);
  assert.deepEqual(outbox.counts, { sentMessages: 50, sentSamples: 50, failedSends: 0 });
  await outbox.close(1000);
});

test('Outbox must keep telemetry in order while the broker is away, and send it when it is back', async (t) => {
  const { outbox, broker, spool, log } = fresh(t);
  outbox.add(record(0));
  await idle(outbox);
  broker.mode = 'away';
  for (const id of numbers(1, 30)) outbox.add(record(id));
  await until('several sends have failed', () => outbox.counts.failedSends >= 4);
  assert.equal(outbox.lastError?.message, 'Broker is away');
  assert.equal(spool.samples, 29);
  assert.equal(outbox.waitingSamples, 29);
  broker.mode = 'up';
  for (const id of numbers(30, 40)) outbox.add(record(id));
  await idle(outbox);
  assert.deepEqual(broker.ids, numbers(0, 40));
  assert.equal(outbox.lastError, undefined);
  // Once when it went and once when it came, however often it was tried.
  assert.deepEqual(
    log.lines.map(({ message }) => message),
    ['broker takes no telemetry; it waits on disk', 'broker takes telemetry again'],
  );
  await outbox.close(1000);
});

test('Outbox must give up a send that hangs, after its time or when memory is full', async (t) => {
  for (const changes of [{ sendTimeoutMs: 30 }, { memoryBytes: 400 }]) {
    const { outbox, broker } = fresh(t, changes);
    broker.mode = 'hangs';
    outbox.add(record(0));
    await until('the send is under way', () => broker.attempts === 1);
    await new Promise(setImmediate);
    for (const id of numbers(1, 20)) outbox.add(record(id));
    broker.mode = 'up';
    await idle(outbox);
    assert.deepEqual(broker.ids, numbers(0, 20));
    assert.equal(outbox.counts.failedSends, 1);
    await outbox.close(1000);
  }
});

test('Outbox must stay within memory and disk, give up the oldest and say how much', async (t) => {
  const { outbox, broker, spool, log } = fresh(t, { limitBytes: 3_000 });
  broker.mode = 'away';
  for (const id of numbers(0, 500)) outbox.add(record(id));
  await until('sends have failed', () => outbox.counts.failedSends >= 2);
  assert.ok(spool.bytes <= 3_000);
  broker.mode = 'up';
  await idle(outbox);
  assert.deepEqual(broker.ids, numbers(500 - broker.ids.length, 500));
  assert.equal(outbox.givenUpSamples, 500 - broker.ids.length);
  const told = log.lines.filter(({ message }) => message.startsWith('spool is full'));
  assert.ok(told.length >= 1 && told.length < 12, `${told.length} lines about it`);
  await outbox.close(1000);
});

test('Outbox must count what a full disk refuses, and go on', async (t) => {
  const { outbox, broker, spool, log } = fresh(t);
  t.mock.method(spool, 'append', () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  });
  broker.mode = 'away';
  for (const id of numbers(0, 5)) outbox.add(record(id));
  await until('all are given up', () => outbox.givenUpSamples === 5);
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 1);
  broker.mode = 'up';
  outbox.add(record(5));
  await outbox.close(1000);
});

test('Outbox must leave for the next run what could not be sent before it was closed', async (t) => {
  const folder = temporaryFolder(t);
  const first = setUp(folder);
  first.broker.mode = 'away';
  for (const id of numbers(0, 10)) first.outbox.add(record(id));
  await first.outbox.close(20);
  const second = setUp(folder);
  second.outbox.add(record(10));
  await idle(second.outbox);
  assert.deepEqual(second.broker.ids, numbers(0, 11));
  await second.outbox.close(1000);
});

test('Outbox must lose nothing and keep order however the broker comes and goes', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant('add' as const) },
    { weight: 1, arbitrary: fc.constantFrom('up' as const, 'away' as const, 'pause' as const, 'restart' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const folder = mkdtempSync(join(tmpdir(), 'ebbtide-outbox-'));
      const arrived: number[] = [];
      let { outbox, broker } = setUp(folder);
      let next = 0;
      for (const one of steps) {
        if (one === 'add') outbox.add(record(next++));
        else if (one === 'pause') await new Promise((resolve) => setTimeout(resolve, 2));
        else if (one === 'restart') {
          await outbox.close(20);
          arrived.push(...broker.ids);
          const { mode } = broker;
          ({ outbox, broker } = setUp(folder));
          broker.mode = mode;
        } else broker.mode = one;
      }
      broker.mode = 'up';
      await idle(outbox);
      await outbox.close(1000);
      assert.deepEqual([...arrived, ...broker.ids], numbers(0, next));
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 40 },
  );
});
