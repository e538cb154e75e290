import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClickHouseArchive } from '../../../infra/clickhouse/client.ts';
import { columnsOf } from '../../../infra/clickhouse/columns.ts';
import { RowBinaryBatch } from '../../../infra/clickhouse/rowBatch.ts';
import { archivedTopics, logColumns } from '../../../infra/clickhouse/tables.ts';
import { emptyBehaviour } from '../../../infra/jobs/keylife.ts';
import { ScoreSchema } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive, recordsOf, rowsOf } from './support.ts';

/** Types without LowCardinality, which changes how values are stored and not how they are sent. */
const asSent = (type: string): string => type.replaceAll(/LowCardinality\((Nullable\(String\)|String)\)/g, '$1');

const readBack = async (archive: ClickHouseArchive, table: string, columns: readonly string[]): Promise<Buffer> => {
  const order = columns.includes('sample_index') ? 'kafka_offset, sample_index' : 'kafka_offset';
  const { stream } = await archive.client.exec({
    query: `SELECT ${columns.map((name) => `\`${name}\``).join(', ')} FROM ${table} ORDER BY ${order} FORMAT RowBinary`,
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

test('archivedTopics must hold every topic but the changelogs and what is for one service alone', () => {
  const ofOne = ['baselines', 'authentications', 'tokens'];
  const wanted = Object.values(topics)
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('state.') && !ofOne.includes(name));
  assert.deepEqual(archivedTopics.map(({ topic }) => topic.name).sort(), wanted.sort());
});

test('behaviour that is sealed, and what has none, must not reach the archive', () => {
  const { write } = archivedTopics.find(({ topic }) => topic.name === 'telemetry.biometric')!;
  const begin = () => assert.fail('a row was begun');
  const issued = { credentialId: 'key', risk: 0.1, expiresAt: 0 };
  const clock = { time: 0, controlOffset: 0, baselinesOffset: 0 };
  for (const one of [{ sealed: Buffer.from('x') }, { issued }, { clock }])
    write({ ...emptyBehaviour, ...one }, begin as never);
});

test('tables and rows of the archive', async (t) => {
  const { url } = await clickHouse(t);

  await t.test('migrations must give each table the columns of its record, and no others', async (t) => {
    const archive = await preparedArchive(t, url);
    const actual = await rowsOf<{ table: string; name: string; type: string }>(
      archive,
      `SELECT table, name, type FROM system.columns WHERE database = '${archive.database}' AND endsWith(table, '_raw')`,
    );
    const wanted = archivedTopics
      .flatMap(({ tables }) => tables)
      .flatMap((table) => [...table.columns, ...logColumns].map(({ name, type }) => `${table.name}.${name} ${type}`));
    assert.deepEqual(actual.map(({ table, name, type }) => `${table}.${name} ${asSent(type)}`).sort(), wanted.sort());
  });

  for (const { topic } of archivedTopics)
    await t.test(`every record of ${topic.name} must come back as it was sent, byte for byte`, async (t) => {
      const archive = await preparedArchive(t, url);
      const [records] = fc.sample(fc.array(recordsOf(topic.schema as never), { minLength: 60, maxLength: 60 }), 1);
      const batch = new RowBinaryBatch('test');
      for (const [offset, record] of records!.entries())
        batch.add(messageOf(topic.name, offset), withOwnKey(topic.name, record, offset));
      const sent = [...batch.byTable()];
      await archive.insert(batch);
      assert.ok(sent.length > 0);
      for (const { table, body } of sent) {
        const columns = [...logColumns, ...table.columns].map(({ name }) => name);
        assert.ok((await readBack(archive, table.name, columns)).equals(body), table.name);
      }
    });

  await t.test('numbers that JSON does not know, instants and huge text must survive', async (t) => {
    const archive = await preparedArchive(t, url);
    const batch = archive.newBatch('test');
    const note = '🌊'.repeat(500_000);
    const values: Record<string, number> = {
      nan: Number.NaN,
      up: Number.POSITIVE_INFINITY,
      down: Number.NEGATIVE_INFINITY,
      least: 5e-324,
    };
    batch.add(messageOf('telemetry.biometric', 1), {
      user: 'u',
      session: 's',
      time: 1_700_000_000_123,
      modality: 'mouse',
      features: values,
      featureHash: '',
      purpose: '',
    });
    batch.add(messageOf('labels', 1), {
      subject: 's',
      decisionId: null,
      verdict: 'falsePositive',
      windowStart: -1,
      windowEnd: null,
      note,
      by: '',
      at: 0,
    });
    await archive.insert(batch);
    assert.deepEqual(await rowsOf(archive, 'SELECT time, features FROM telemetry_biometric'), [
      { time: '2023-11-14T22:13:20.123Z', features: { nan: 'nan', up: 'inf', down: '-inf', least: 5e-324 } },
    ]);
    assert.deepEqual(await rowsOf(archive, 'SELECT length(note) AS bytes, window_start, at FROM labels'), [
      { bytes: 2_000_000, window_start: '1969-12-31T23:59:59.999Z', at: '1970-01-01T00:00:00.000Z' },
    ]);
  });

  await t.test("a time beyond ClickHouse's must be refused, and leave the rest of the batch whole", async (t) => {
    const archive = await preparedArchive(t, url);
    const batch = archive.newBatch('test');
    const message = (time: number, offset: number) => {
      const sample = Object.fromEntries(['cpuCores', 'memoryBytes'].map((name) => [name, 1]));
      const samples = [
        { time: 1000, ...sample, custom: {} },
        { time, ...sample, custom: { a: 1 } },
      ];
      batch.add(messageOf('telemetry.resource', offset), {
        credentialId: 'c',
        host: 'h',
        sentAt: 5,
        samples,
        clock: null,
      });
    };
    message(2000, 0);
    for (const time of [Number.MAX_SAFE_INTEGER, -2_208_988_800_001, Number.NaN])
      assert.throws(() => message(time, 1), { code: 'RECORD_TIME_IMPLAUSIBLE' });
    message(3000, 2);
    await archive.insert(batch);
    assert.deepEqual(
      await rowsOf(
        archive,
        'SELECT kafka_offset, sample_index, toUnixTimestamp64Milli(time) AS time FROM telemetry_resource ORDER BY ALL',
      ),
      [
        { kafka_offset: 0, sample_index: 0, time: 1000 },
        { kafka_offset: 0, sample_index: 1, time: 2000 },
        { kafka_offset: 2, sample_index: 0, time: 1000 },
        { kafka_offset: 2, sample_index: 1, time: 3000 },
      ],
    );
  });

  await t.test(
    'the register must show the last version of each credential, and not those with a tombstone',
    async (t) => {
      const archive = await preparedArchive(t, url);
      const [one] = fc.sample(recordsOf(topics.credentials.schema as never), 1) as Record<string, unknown>[];
      const batch = archive.newBatch('test');
      const add = (credentialId: string, offset: number, role: string | null) =>
        batch.add(
          messageOf('credentials', offset, { key: Buffer.from(credentialId) }),
          role === null ? null : { ...one, credentialId, role },
        );
      add('kept', 0, 'old');
      add('gone', 1, 'old');
      add('kept', 2, 'new');
      add('gone', 3, null);
      await archive.insert(batch);
      assert.deepEqual(await rowsOf(archive, 'SELECT credential_id, role FROM credentials'), [
        { credential_id: 'kept', role: 'new' },
      ]);
      assert.deepEqual(
        await rowsOf(archive, 'SELECT count() AS versions, sum(deleted) AS tombstones FROM credentials_history'),
        [{ versions: 4, tombstones: 1 }],
      );
    },
  );
});

test('columnsOf must name columns in snake case', () => {
  const names = columnsOf(ScoreSchema).map(({ name }) => name);
  assert.ok(names.includes('window_end') && names.includes('p_value'));
});

/** Alerts and dead letters are unique by what they are about, so give each its own. */
const withOwnKey = (topic: string, record: unknown, offset: number): unknown =>
  topic === 'alerts'
    ? { ...(record as object), alertId: `alert-${offset}` }
    : topic === 'signals'
      ? { ...(record as object), signalId: `signal-${offset}` }
      : topic === 'dead-letters'
        ? { ...(record as object), offset }
        : record;
