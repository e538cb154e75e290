import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { type ClickHouseArchive, openArchive } from '../../infra/clickhouse/client.ts';
import { archiveConfig, clickhouseConfig } from '../../infra/clickhouse/config.ts';
import { type ClickHouseServer, startClickHouse } from '../../infra/clickhouse/embedded.ts';
import { archivedTopics } from '../../infra/clickhouse/tables.ts';
import type { Running } from '../../infra/context.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { startMockCluster } from '../../infra/kafka/mock.ts';
import type { Kafka } from '../../infra/kafka/types.ts';
import { createLogger } from '../../infra/log.ts';
import { startArchive } from '../../pipelines/archive/start.ts';
import { frame, TopicCodec } from '../../schemas/codec.ts';
import type { Label } from '../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import { recordsOf, rowsOf } from '../infra/clickhouse/support.ts';
import { clickHouse } from '../services/clickhouse.ts';
import { temporaryFolder } from '../services/folder.ts';
import { freePort } from '../services/ports.ts';

process.env.EBBTIDE_LOG ??= 'silent';

interface Bench {
  readonly kafka: Kafka;
  readonly registry: MemoryRegistry;
  readonly metrics: Registry;
  readonly archive: ClickHouseArchive;
  start(config?: object): Promise<Running>;
}

/** Kafka in this process, and an archive at an address where ClickHouse may or may not be. */
const bench = async (t: TestContext, url: string): Promise<Bench> => {
  const cluster = await startMockCluster();
  const kafka = await connectKafka({ brokers: cluster.brokers });
  const registry = new MemoryRegistry();
  const metrics = new Registry();
  const archive = openArchive(
    clickhouseConfig.parse({ url, database: `pipeline_${databases++}`, requestTimeoutMs: 5000 }),
  );
  // The mock cluster makes a topic when it is first asked for.
  await Promise.all(Object.values(topics).map(({ name }) => kafka.partitionsOf(name)));
  const running: Running[] = [];
  t.after(async () => {
    await Promise.all(running.map((one) => one.close()));
    await archive.close();
    await kafka.close();
    await cluster.close();
  });
  return {
    ...{ kafka, registry, metrics, archive },
    async start(config = {}) {
      const settings = archiveConfig.parse({
        flushMs: 20,
        retryFirstMs: 20,
        retryMaxMs: 200,
        drainMs: 5000,
        ...config,
      });
      const registers = running.length === 0 ? metrics : new Registry();
      const started = await startArchive(
        { kafka, registry, metrics: registers, log: createLogger('test'), archive },
        settings,
      );
      running.push(started);
      return started;
    },
  };
};
let databases = 0;

const send = async (
  { kafka }: Bench,
  messages: readonly { topic: string; key: string; value: Buffer | null; partition?: number }[],
) => {
  const producer = await kafka.producer();
  await producer.send(messages);
  await producer.close();
};

const labels = async ({ registry }: Bench, from: number, count: number) => {
  const codec = await TopicCodec.open<Label>(topics.labels, registry);
  return Array.from({ length: count }, (_, index) => {
    const subject = `cred-${(from + index) % 7}`;
    const rest = { decisionId: null, verdict: 'falsePositive', windowStart: null, windowEnd: null, by: 'me' } as const;
    return {
      topic: 'labels',
      key: subject,
      value: codec.encode({ subject, note: `${from + index}`, at: 1_790_000_000_000, ...rest }),
    };
  });
};

/** Ask until the answer is as wanted; a test that waits in vain ends by its runner's limit. */
const until = async <T>(ask: () => Promise<T>, wanted: (answer: T) => boolean, limitMs = 60_000): Promise<T> => {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as T);
    if (wanted(answer) || performance.now() > deadline) return answer;
    await sleep(50);
  }
};

const counts = (archive: ClickHouseArchive, view: string) => async () => {
  const [row] = await rowsOf<{ rows: number }>(archive, `SELECT count() AS rows FROM ${view}`);
  return row!.rows;
};
const notes =
  ({ archive }: Bench) =>
  async () =>
    (await rowsOf<{ note: string }>(archive, 'SELECT note FROM labels ORDER BY toUInt32(note)')).map(({ note }) =>
      Number(note),
    );
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('the archive pipeline', { concurrency: 3 }, () => {
  test('startArchive must keep the records of every topic, and count them', async (t) => {
    const { url } = await clickHouse(t);
    const it = await bench(t, url);
    for (const { topic } of archivedTopics) {
      const codec = await TopicCodec.open(topic as TopicSpec, it.registry);
      const records = fc.sample(recordsOf(topic.schema as never), 3) as Record<string, unknown>[];
      await send(
        it,
        records.map((record, index) => ({
          topic: topic.name,
          key: 'k',
          value: codec.encode({ ...record, ...unique(topic.name, index) }),
        })),
      );
    }
    const running = await it.start();
    for (const { topic, tables } of archivedTopics) {
      const view = tables.at(-1)!.name.replace('_raw', topic.cleanup === 'compact' ? '_history' : '');
      assert.equal(await until(counts(it.archive, view), (rows) => rows === 3), 3, view);
    }
    assert.deepEqual(
      await until(
        () => running.health(),
        ({ ready }) => ready,
      ),
      {
        ready: true,
        detail: (await running.health()).detail,
      },
    );
    const text = await it.metrics.metrics();
    assert.match(text, /ebbtide_archive_messages_total\{topic="scores"\} 3/);
    assert.match(text, /ebbtide_archive_rows_total\{table="scores_raw"\} 3/);
    assert.match(text, /ebbtide_archive_lag_messages 0/);
  });

  test('a malformed record must become a dead letter, and nothing else be lost or stopped', async (t) => {
    const { url } = await clickHouse(t);
    const it = await bench(t, url);
    const [good, again] = await labels(it, 0, 2);
    const id = await it.registry.register('labels-value', topics.labels.schema);
    const late = await TopicCodec.open<Label>(topics.labels, it.registry);
    const beyond = {
      subject: 's',
      decisionId: null,
      verdict: 'unknown',
      windowStart: null,
      windowEnd: null,
      note: '',
      by: '',
    } as const;
    const bad: readonly (readonly [Buffer | null, string])[] = [
      [Buffer.from('not avro'), 'RECORD_MALFORMED'],
      [Buffer.from([0]), 'RECORD_MALFORMED'],
      [frame(id, Buffer.from([0xff, 0xff])), 'RECORD_MALFORMED'],
      [frame(999, Buffer.from([1])), 'SCHEMA_UNKNOWN'],
      [late.encode({ ...beyond, at: 9e15 - 1e12 }), 'RECORD_TIME_IMPLAUSIBLE'],
      [null, 'RECORD_MALFORMED'],
    ];
    await send(it, [good!, ...bad.map(([value]) => ({ topic: 'labels', key: 'k', value, partition: 0 })), again!]);
    await send(it, [
      { topic: 'dead-letters', key: 'x', value: Buffer.from('a dead letter that is none'), partition: 0 },
    ]);
    const running = await it.start();

    assert.deepEqual(await until(notes(it), (found) => found.length === 2), [0, 1]);
    const letters = () =>
      rowsOf<Record<string, unknown>>(
        it.archive,
        'SELECT topic, error_code, base64Encode(value) AS value, pipeline FROM dead_letters ORDER BY topic, offset',
      );
    const found = await until(letters, (rows) => rows.length === bad.length + 1);
    assert.deepEqual(found, [
      {
        topic: 'dead-letters',
        error_code: 'RECORD_MALFORMED',
        value: Buffer.from('a dead letter that is none').toString('base64'),
        pipeline: 'archive',
      },
      ...bad.map(([value, code]) => ({
        topic: 'labels',
        error_code: code,
        value: value?.toString('base64') ?? null,
        pipeline: 'archive',
      })),
    ]);
    assert.equal(
      (
        await until(
          () => running.health(),
          ({ ready }) => ready,
        )
      ).ready,
      true,
    );
    assert.match(
      await it.metrics.metrics(),
      /ebbtide_archive_dead_letters_total\{topic="labels",code="SCHEMA_UNKNOWN"\} 1/,
    );
  });

  test('messages that come again in other batches must show once', async (t) => {
    const { url } = await clickHouse(t);
    const it = await bench(t, url);
    await send(it, await labels(it, 0, 500));
    const first = await it.start({ groupId: 'one', batchSize: 64 });
    assert.equal((await until(notes(it), (found) => found.length === 500)).length, 500);
    await first.close();
    // Another group reads everything again, as one does whose commits were lost.
    await it.start({ groupId: 'two', batchSize: 37 });
    const raw = counts(it.archive, 'labels_raw');
    await until(raw, (rows) => rows > 500);
    await send(it, await labels(it, 500, 1));
    assert.deepEqual(await until(notes(it), (found) => found.length >= 501), upTo(501));
    await it.archive.client.command({ query: 'OPTIMIZE TABLE labels_raw FINAL' });
    assert.equal(await until(raw, (rows) => rows === 501), 501);
  });

  test('offsets must be committed only after ClickHouse has confirmed, so that a stop in between loses nothing', async (t) => {
    const { url } = await clickHouse(t);
    const it = await bench(t, url);
    await send(it, await labels(it, 0, 100));
    let hanging = 0;
    const stuck: ClickHouseArchive = {
      ...it.archive,
      insert: (_, signal) => {
        hanging++;
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
      },
    };
    const context = {
      kafka: it.kafka,
      registry: it.registry,
      metrics: new Registry(),
      log: createLogger('test'),
      archive: stuck,
    };
    const first = await startArchive(context, archiveConfig.parse({ drainMs: 50 }));
    await until(
      async () => hanging,
      (begun) => begun > 0,
    );
    await first.close();
    await it.start();
    assert.deepEqual(await until(notes(it), (found) => found.length === 100), upTo(100));
  });

  test('ClickHouse that comes late, is killed and comes back must cost no record, and health must say so', async (t) => {
    const port = await freePort();
    const it = await bench(t, `http://127.0.0.1:${port}`);
    let server: ClickHouseServer | undefined;
    t.after(() => server?.stop());
    const folder = temporaryFolder(t, 'ebbtide-archive-');
    const running = await it.start({ batchSize: 50 });
    await send(it, await labels(it, 0, 200));
    const away = await until(
      () => running.health(),
      ({ detail }) => detail.includes('Cannot create database'),
    );
    assert.equal(away.ready, false);
    assert.match(away.detail, /Cannot create database pipeline_\d+: .*ECONNREFUSED/);

    server = await startClickHouse({ folder, httpPort: port });
    assert.equal((await until(notes(it), (found) => found.length === 200)).length, 200);
    assert.equal(
      (
        await until(
          () => running.health(),
          ({ ready }) => ready,
        )
      ).ready,
      true,
    );

    let sent = 200;
    for (let round = 0; round < 3; round++) {
      const sending = (async () => {
        for (let flush = 0; flush < 10; flush++, sent += 100) await send(it, await labels(it, sent, 100));
      })();
      await sleep(100 + round * 150);
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      await sending;
      assert.equal(
        (
          await until(
            () => running.health(),
            ({ ready }) => !ready,
          )
        ).ready,
        false,
      );
      server = await startClickHouse({ folder, httpPort: port });
    }
    assert.deepEqual(await until(notes(it), (found) => found.length >= sent), upTo(sent));
    assert.equal(
      (
        await until(
          () => running.health(),
          ({ ready }) => ready,
        )
      ).ready,
      true,
    );
  });

  test('what waiting cannot mend must fail the archive', async (t) => {
    const { url } = await clickHouse(t);
    const it = await bench(t, url);
    const running = await it.start();
    await until(
      () => running.health(),
      ({ ready }) => ready,
    );
    await it.archive.client.command({ query: 'DROP TABLE labels_raw' });
    await send(it, await labels(it, 0, 1));
    await assert.rejects(running.failed, { code: 'CLICKHOUSE_REJECTED', message: /labels_raw/ });
    assert.equal((await running.health()).ready, false);
  });
});

/** Fields that make records of one topic differ where its table keeps one of each. */
const unique = (topic: string, index: number): object =>
  topic === 'alerts'
    ? { alertId: `alert-${index}` }
    : topic === 'dead-letters'
      ? { offset: index }
      : topic === 'telemetry.resource'
        ? { samples: [] }
        : {};
