import assert from 'node:assert/strict';
import { test } from 'node:test';
import { map } from 'rxjs';
import type { ExactlyOnceSession } from '../../infra/kafka/session.ts';
import type { Message, OutgoingMessage } from '../../infra/kafka/types.ts';
import { RunningTask } from '../../pipelines/job/runningTask.ts';
import { Job } from '../../pipelines/job.ts';

const message = (partition: number, offset: number, bytes = 10): Message => ({
  topic: 'in',
  partition,
  offset,
  timestamp: 0,
  key: null,
  value: Buffer.alloc(bytes),
});
const observer = { batch: () => {}, committed: () => {} };

test('RunningTask gives a chain pieces of bounded size, in order, and joins what comes of them', async () => {
  const pieces: number[][] = [];
  const task = new RunningTask({
    chain: map(({ messages }) => {
      const offsets = messages.map(({ offset }) => offset);
      pieces.push(offsets);
      return {
        records: offsets.map((offset) => ({ topic: 'out', key: `${offset}`, value: null })),
        next: offsets.at(-1)! + 1,
      };
    }),
    start: 0,
    replayBefore: 0,
  });
  const { records, next } = await task.process(Array.from({ length: 10 }, (_, i) => message(0, i, 100_000)));
  assert.deepEqual(pieces, [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]);
  assert.deepEqual(
    records.map(({ key }) => key),
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  );
  assert.equal(next, 10);
  task.close();
});

test('Job writes the last state of each key and partition in a transaction, after all other records', async () => {
  const polls = [[message(0, 0), message(0, 1), message(1, 0)], [message(0, 2)]];
  const commits: { records: readonly OutgoingMessage[]; next: ReadonlyMap<number, number> }[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const job = new Job(
    async () => ({
      // Each message leaves an output and a state of one key, so that later ones supersede it.
      chain: map(({ messages }) => ({
        records: messages.flatMap(({ offset }) => [
          { topic: 'state', key: 'subject', value: Buffer.from([offset]) },
          { topic: 'out', key: 'subject', value: Buffer.from([offset]) },
        ]),
        next: messages.at(-1)!.offset + 1,
      })),
      start: 0,
      replayBefore: 0,
    }),
    { batchSize: 10, commitEveryMs: 0, stopwatch: () => 0, pause: () => held, observer, changelog: 'state' },
  );
  await job.assigned([0, 1]);
  const session: ExactlyOnceSession = {
    poll: async () => {
      const messages = polls.shift();
      if (messages) return { messages, epoch: 0 };
      release();
      await new Promise((resolve) => setImmediate(resolve));
      job.stop();
      return { messages: [], epoch: 0 };
    },
    epoch: () => 0,
    commit: async (records, next) => void commits.push({ records, next }),
    partitions: () => [0, 1],
    lag: async () => 0,
    reachable: async () => {},
    close: async () => {},
  };
  await job.run(session);
  const written = commits.flatMap(({ records }) =>
    records.map(({ topic, partition, value }) => `${topic}/${partition}/${value![0]}`),
  );
  assert.deepEqual(written.filter((it) => it.startsWith('out')).sort(), ['out/0/0', 'out/0/1', 'out/0/2', 'out/1/0']);
  for (const { records } of commits) {
    const states = records.filter(({ topic }) => topic === 'state');
    assert.equal(new Set(states.map(({ partition }) => partition)).size, states.length);
    assert.deepEqual(records.slice(records.length - states.length), states);
  }
  const last = (partition: number) => written.filter((it) => it.startsWith(`state/${partition}`)).at(-1);
  assert.equal(last(0), 'state/0/2');
  assert.equal(last(1), 'state/1/0');
  assert.ok(!written.includes('state/0/0'));
});

test('Job takes fewer messages at once where they are large, and as many as it may where they are small again', async () => {
  const sizes = [100, 100_000, 100_000, 100, 100];
  const asked: number[] = [];
  const job = new Job(
    async () => ({
      chain: map(({ messages }) => ({ records: [], next: messages.at(-1)!.offset + 1 })),
      start: 0,
      replayBefore: 0,
    }),
    { batchSize: 1000, commitEveryMs: 0, stopwatch: () => 0, pause: async () => {}, observer },
  );
  await job.assigned([0]);
  let offset = 0;
  await job.run({
    poll: async (most) => {
      asked.push(most);
      const bytes = sizes.shift();
      if (bytes !== undefined) return { messages: [message(0, offset++, bytes)], epoch: 0 };
      job.stop();
      return { messages: [], epoch: 0 };
    },
    epoch: () => 0,
    commit: async () => {},
    partitions: () => [0],
    lag: async () => 0,
    reachable: async () => {},
    close: async () => {},
  });
  // 6 MiB of messages of 100,000 bytes are 63
  assert.deepEqual(asked, [1000, 1000, 63, 63, 1000, 1000]);
});

test('Job begins no further batch while what is to be committed is large, and takes that soon though it is behind', async () => {
  const mebibytes = 2 ** 20;
  const commits: number[] = [];
  let beforeCommit = 0;
  let largest = 0;
  let polls = 40;
  let clock = 0;
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  /** Who waits longer than the least time from one transaction to the next waits for the end. */
  const pause = async (ms: number) => {
    if (ms > 1_000) await ended;
    clock += ms;
  };
  const job = new Job(
    async () => ({
      // Each message of a few bytes leaves one of 12 MiB
      chain: map(({ messages }) => {
        beforeCommit += messages.length;
        largest = Math.max(largest, beforeCommit);
        return {
          records: messages.map(() => ({ topic: 'out', key: 'k', value: Buffer.alloc(12 * mebibytes) })),
          next: messages.at(-1)!.offset + 1,
        };
      }),
      start: 0,
      replayBefore: 0,
    }),
    { batchSize: 1, commitEveryMs: 1_000, stopwatch: () => clock, pause, observer },
  );
  await job.assigned([0]);
  let offset = 0;
  await job.run({
    poll: async () => {
      if (polls-- > 0) return { messages: [message(0, offset++)], epoch: 0 };
      job.stop();
      end();
      return { messages: [], epoch: 0 };
    },
    epoch: () => 0,
    commit: async (records) => {
      commits.push(records.length);
      beforeCommit -= records.length;
      await new Promise((resolve) => setImmediate(resolve));
    },
    partitions: () => [0],
    lag: async () => 0,
    reachable: async () => {},
    close: async () => {},
  });
  assert.ok(commits.length > 10, `${commits}`);
  assert.ok(Math.max(...commits) <= 3, `${commits}`);
  assert.ok(largest <= 4, `${largest}`);
});
