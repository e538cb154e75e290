import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExactlyOnceSession, openSession } from '../../../infra/kafka/session.ts';
import { uniqueName } from '../../services/ports.ts';
import { requireOrSkip } from '../../services/require.ts';
import { numbered, openTopic, textOf } from './broker.ts';

const partitions = 4;
const each = 50;

test('ExactlyOnceSession gives every message from the start, however long the state takes to bring up', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, brokers, topic } = await openTopic(t);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  await producer.send(numbered(topic, partitions, 0, each));
  // Reads wait 100 ms: an assignment that comes within one must not lose what that read takes with it.
  for (const restoreMs of [0, 5, 20, 50, 90]) {
    const session = await openSession(
      { brokers },
      { groupId: uniqueName('group'), topic, instanceId: 'one' },
      {
        assigned: async (gained) => {
          await sleep(restoreMs);
          return new Map(gained.map((partition) => [partition, 7]));
        },
        revoked: async () => {},
      },
    );
    const seen: string[] = [];
    const deadline = performance.now() + 60_000;
    while (seen.length < partitions * (each - 7) && performance.now() < deadline)
      seen.push(...(await session.poll(1000)).messages.map(textOf));
    await session.close();
    assert.deepEqual(seen.sort(), numbered(topic, partitions, 7, each).map(textOf).sort(), `${restoreMs} ms`);
  }
});

test('ExactlyOnceSession.commit of one that was fenced shows nothing, and that of its successor does', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, brokers, topic } = await openTopic(t);
  const output = (await openTopic(t, { partitions: 1 })).topic;
  const producer = await kafka.producer();
  t.after(() => producer.close());
  await producer.send(numbered(topic, partitions, 0, each));
  const groupId = uniqueName('group');
  const open = async (): Promise<ExactlyOnceSession> => {
    const session = await openSession(
      { brokers },
      { groupId, topic, instanceId: 'same', sessionTimeoutMs: 6000 },
      { assigned: async (gained) => new Map(gained.map((partition) => [partition, 0])), revoked: async () => {} },
    );
    t.after(() => session.close());
    return session;
  };
  const zombie = await open();
  while (zombie.partitions().length === 0) await zombie.poll(100);
  await zombie.commit([{ topic: output, key: null, value: Buffer.from('first') }], new Map([[0, 1]]));
  const successor = await open();
  const refused = zombie.commit([{ topic: output, key: null, value: Buffer.from('zombie') }], new Map([[0, 2]]));
  await assert.rejects(refused, { code: 'KAFKA_FENCED' });
  await zombie.close();
  while (successor.partitions().length === 0) await successor.poll(100);
  await successor.commit([{ topic: output, key: null, value: Buffer.from('second') }], new Map([[0, 2]]));

  const tail = await kafka.tail({ topics: [output], from: 'beginning' });
  t.after(() => tail.close());
  const found: string[] = [];
  for await (const messages of tail.batches()) {
    if (messages.length === 0) break;
    found.push(...messages.map(textOf));
  }
  assert.deepEqual(found, ['first', 'second']);
});

test('ExactlyOnceSession.epoch has advanced by the time that partitions are to be given up', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  const { kafka, brokers, topic } = await openTopic(t);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  await producer.send(numbered(topic, partitions, 0, each));
  const groupId = uniqueName('group');
  const revokedIn: number[] = [];
  const open = async (instanceId: string, revoked: () => Promise<void>): Promise<ExactlyOnceSession> => {
    const session = await openSession(
      { brokers },
      { groupId, topic, instanceId },
      { assigned: async (gained) => new Map(gained.map((partition) => [partition, 0])), revoked },
    );
    t.after(() => session.close());
    return session;
  };
  const first = await open('one', async () => void revokedIn.push(first.epoch()));
  let read = await first.poll(1);
  while (read.messages.length === 0) read = await first.poll(1);
  assert.equal(first.epoch(), read.epoch);
  const second = await open('two', async () => {});
  while (revokedIn.length === 0) await Promise.all([first.poll(1), second.poll(1)]);
  assert.notEqual(revokedIn[0], read.epoch, 'what a job had read by then would be processed by two');
});
