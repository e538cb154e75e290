import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { ClickHouseArchive } from '../../infra/clickhouse/client.ts';
import { archivedTopics } from '../../infra/clickhouse/tables.ts';
import type { Health } from '../../infra/context.ts';
import { frame, TopicCodec } from '../../schemas/codec.ts';
import type { Label } from '../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import { recordsOf, rowsOf } from '../infra/clickhouse/support.ts';
import { archiveRig, countOf, labels, notes, runningRig, send, until, upTo } from './archiveRig.ts';

const isReady = ({ ready }: Health) => ready;

/** Behaviour that is not sealed: what is does not reach the archive. */
const openBehaviour = (topic: string) =>
  topic === topics.telemetryBiometric.name ? { sealed: null, issued: null, clock: null } : {};

describe('the archive pipeline', { concurrency: 3 }, () => {
  test('startArchive must keep the records of every topic, and count them', async (t) => {
    const it = await runningRig(t);
    for (const { topic } of archivedTopics) {
      const codec = await TopicCodec.open(topic as TopicSpec, it.registry);
      const records = fc.sample(recordsOf(topic.schema as never), 3) as Record<string, unknown>[];
      await send(
        it,
        records.map((record, index) => ({
          topic: topic.name,
          key: 'k',
          value: codec.encode({ ...record, ...unique(topic.name, index), ...openBehaviour(topic.name) }),
        })),
      );
    }
    const running = await it.start();
    for (const { topic, tables } of archivedTopics) {
      const views = tables.map(({ name }) => name.replace('_raw', topic.cleanup === 'compact' ? '_history' : ''));
      const rowsOfAll = async () => {
        const counts = await Promise.all(views.map((view) => countOf(it, view)));
        return counts.reduce((sum, count) => sum + count, 0);
      };
      assert.equal(await until(rowsOfAll, (rows) => rows === 3), 3, topic.name);
    }
    assert.equal((await until(running.health, isReady)).ready, true);
    const text = await it.metrics.metrics();
    assert.match(text, /ebbtide_archive_messages_total\{topic="scores"\} 3/);
    assert.match(text, /ebbtide_archive_rows_total\{table="scores_raw"\} 3/);
    assert.match(text, /ebbtide_archive_lag_messages 0/);
  });

  test('a malformed record must become a dead letter, and nothing else be lost or stopped', async (t) => {
    const it = await runningRig(t);
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
    assert.equal((await until(running.health, isReady)).ready, true);
    assert.match(
      await it.metrics.metrics(),
      /ebbtide_archive_dead_letters_total\{topic="labels",code="SCHEMA_UNKNOWN"\} 1/,
    );
  });

  test('messages that come again in other batches must show once', async (t) => {
    const it = await runningRig(t);
    await send(it, await labels(it, 0, 500));
    const first = await it.start({ groupId: 'one', batchSize: 64 });
    assert.equal((await until(notes(it), (found) => found.length === 500)).length, 500);
    await first.close();
    // Another group reads everything again, as one does whose commits were lost.
    await it.start({ groupId: 'two', batchSize: 37 });
    const raw = () => countOf(it, 'labels_raw');
    await until(raw, (rows) => rows > 500);
    await send(it, await labels(it, 500, 1));
    assert.deepEqual(await until(notes(it), (found) => found.length >= 501), upTo(501));
    await it.archive.client.command({ query: 'OPTIMIZE TABLE labels_raw FINAL' });
    assert.equal(await until(raw, (rows) => rows === 501), 501);
  });

  test('offsets must be committed only after ClickHouse has confirmed, so that a stop in between loses nothing', async (t) => {
    const it = await runningRig(t);
    await send(it, await labels(it, 0, 100));
    let hanging = 0;
    const stuck: ClickHouseArchive = {
      ...it.archive,
      insert: (_, signal) => {
        hanging++;
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
      },
    };
    const first = await it.start({ drainMs: 50 }, { archive: stuck });
    await until(
      async () => hanging,
      (begun) => begun > 0,
    );
    await first.close();
    await it.start();
    assert.deepEqual(await until(notes(it), (found) => found.length === 100), upTo(100));
  });

  test('ClickHouse that comes late, is killed and comes back must cost no record, and health must say so', async (t) => {
    const it = await archiveRig(t);
    const running = await it.start({ batchSize: 50 });
    await send(it, await labels(it, 0, 200));
    const away = await until(running.health, ({ detail }) => detail.includes('Cannot create database'));
    assert.equal(away.ready, false);
    assert.match(away.detail, /^Cannot create database pipeline: .*ECONNREFUSED/);

    let server = await it.startClickHouse();
    assert.equal((await until(notes(it), (found) => found.length === 200)).length, 200);
    assert.equal((await until(running.health, isReady)).ready, true);

    let sent = 200;
    for (let round = 0; round < 3; round++) {
      const sending = (async () => {
        for (let flush = 0; flush < 10; flush++, sent += 100) await send(it, await labels(it, sent, 100));
      })();
      await sleep(100 + round * 150);
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      await sending;
      assert.equal((await until(running.health, ({ ready }) => !ready)).ready, false);
      server = await it.startClickHouse();
    }
    assert.deepEqual(await until(notes(it), (found) => found.length >= sent), upTo(sent));
    assert.equal((await until(running.health, isReady)).ready, true);
  });

  test('what waiting cannot mend must fail the archive', async (t) => {
    const it = await runningRig(t);
    const running = await it.start();
    await until(running.health, isReady);
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
        : topic === 'signals'
          ? { signalId: `signal-${index}` }
          : {};
