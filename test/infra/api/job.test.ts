import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MonoTypeOperatorFunction, map } from 'rxjs';
import { connect, job, lifecycle, type RecordBatch, runJob, type TopicSpec, topics } from '../../../infra/api/index.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { DeadLetter } from '../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { until } from '../../services/context.ts';
import { realKafka } from '../../services/kafka.ts';
import { requireOrSkip } from '../../services/require.ts';

interface Count {
  readonly id: string;
  readonly count: number;
}

const countTopic = (name: string): TopicSpec => ({
  name,
  schema: {
    type: 'record',
    name: 'Count',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'count', type: 'int' },
    ],
  },
  key: 'id',
  partitioning: 'partitioned',
  cleanup: 'delete',
  retentionMs: 86_400_000,
});

/** Doubles what it reads. */
const doubled = (name: string, input: TopicSpec, output: TopicSpec) =>
  job<Count, Count>({
    name,
    input,
    output,
    chain: () =>
      map(({ source, records, rejected }) => ({
        source,
        rejected,
        records: records.map(({ message, value }) => ({ message, value: { ...value, count: value.count * 2 } })),
      })),
  });

test('job goes on where it has ended, writes each record once, and gives up nothing but what cannot be read', async (t) => {
  if (!(await requireOrSkip(t, 'kafka'))) return;
  process.env.EBBTIDE_LOG ??= 'silent';
  const unique = `api-${process.pid}-${Date.now()}`;
  const [input, output] = [countTopic(`${unique}-in`), countTopic(`${unique}-out`)];
  const registry = new MemoryRegistry();
  const connection = await connect({ brokers: await realKafka(), registry });
  t.after(() => connection.close());
  const { kafka } = connection;
  await kafka.ensureTopics(2, { specs: [input, topics.deadLetters] });
  const codec = await TopicCodec.open<Count>(input, registry);
  const producer = await kafka.producer();
  t.after(() => producer.close());
  const send = (from: number, to: number) =>
    producer.send(
      Array.from({ length: to - from }, (_, i) => ({
        topic: input.name,
        key: `k${from + i}`,
        value: codec.encode({ id: `k${from + i}`, count: from + i }),
      })),
    );
  const deadLetters = await TopicCodec.open<DeadLetter>(topics.deadLetters, registry);
  const letters: DeadLetter[] = [];
  const counts: number[] = [];
  const work = doubled(unique, input, output);

  await send(0, 50);
  await producer.send([{ topic: input.name, key: 'broken', value: Buffer.from('no frame') }]);
  let running = await runJob(connection, work);
  const tail = await kafka.tail({ topics: [output.name, topics.deadLetters.name], from: 'beginning' });
  t.after(() => tail.close());
  void (async () => {
    for await (const messages of tail.batches())
      for (const { topic, value } of messages) {
        if (topic === output.name) counts.push((await codec.read(value!)).count);
        else {
          const letter = await deadLetters.read(value!).catch(() => undefined);
          if (letter?.topic === input.name) letters.push(letter);
        }
      }
  })();
  await until('what lay there', () => counts.length >= 50 && letters.length > 0);
  assert.deepEqual(await running.health(), {
    ready: true,
    detail: `Holds 2 partitions, ${input.name} to ${output.name}`,
  });
  await running.close();

  connection.metrics.clear();
  await send(50, 80);
  running = await runJob(connection, work);
  t.after(() => running.close());
  await until('what came meanwhile', () => counts.length >= 80);
  assert.deepEqual(
    counts.toSorted((a, b) => a - b),
    Array.from({ length: 80 }, (_, i) => 2 * i),
  );
  assert.deepEqual(
    letters.map(({ errorCode, pipeline, value }) => [errorCode, pipeline, value?.toString()]),
    [['RECORD_MALFORMED', unique, 'no frame']],
  );
});

test('options that are out of range are refused, and the message says which', () => {
  const topic = countTopic('counts');
  const chain = (): MonoTypeOperatorFunction<RecordBatch<unknown>> => map((batch) => batch);
  const refused = (code: 'CONFIG_INVALID' | 'POLICY_INVALID', message: RegExp) => (error: unknown) =>
    isEbbtideError(error, code) && message.test(error.message);
  assert.throws(
    () => job({ name: 'Night Watch', input: topic, output: topic, chain }),
    refused('CONFIG_INVALID', /lower-case words joined by hyphens, got Night Watch/),
  );
  assert.throws(
    () => job({ name: 'watch', input: topic, output: topic, chain, batchSize: 0 }),
    refused('CONFIG_INVALID', /batchSize/),
  );
  assert.throws(() => lifecycle({ config: { batchsize: 1 } }), refused('CONFIG_INVALID', /batchsize/));
  assert.throws(() => lifecycle({ policy: { high: 7 } }), refused('POLICY_INVALID', /policy\.lifecycle\.high/));
});
