import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { openArchive } from '../../../infra/clickhouse/client.ts';
import { clickhouseConfig, retentionConfig } from '../../../infra/clickhouse/config.ts';
import { type Migration, migrate, shippedMigrations, statementsOf } from '../../../infra/clickhouse/migrate.ts';
import { applyRetention } from '../../../infra/clickhouse/retention.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive, rowsOf } from './support.ts';

const clients = (t: TestContext, url: string, database: string) => {
  const bootstrap = createClient({ url, database: 'system', log: { level: ClickHouseLogLevel.OFF } });
  const client = createClient({ url, database, log: { level: ClickHouseLogLevel.OFF } });
  t.after(() => Promise.all([bootstrap.close(), client.close()]));
  return { bootstrap, client, database };
};

const first: Migration = {
  name: '001-a.sql',
  sql: '-- One; with a comment\nCREATE TABLE IF NOT EXISTS a (n Int8)\nENGINE = MergeTree ORDER BY n;\n',
};
const second: Migration = {
  name: '002-b.sql',
  sql: "ALTER TABLE a ADD COLUMN IF NOT EXISTS m Int8;\nCREATE VIEW IF NOT EXISTS v AS SELECT ';' AS s, n FROM a;",
};

test('statementsOf must split at semicolons that end a line, and drop comments', () => {
  assert.deepEqual(statementsOf(`${first.sql}\n${second.sql}`), [
    'CREATE TABLE IF NOT EXISTS a (n Int8)\nENGINE = MergeTree ORDER BY n',
    'ALTER TABLE a ADD COLUMN IF NOT EXISTS m Int8',
    "CREATE VIEW IF NOT EXISTS v AS SELECT ';' AS s, n FROM a",
  ]);
});

test('migrate', async (t) => {
  const { url } = await clickHouse(t);

  await t.test('must apply what ships, in order, and nothing the second time', async (t) => {
    const options = clients(t, url, 'twice');
    const names = shippedMigrations().map(({ name }) => name);
    assert.deepEqual(await migrate(options), names);
    assert.deepEqual(await migrate(options), []);
  });

  await t.test('must apply later migrations alone', async (t) => {
    const options = clients(t, url, 'later');
    assert.deepEqual(await migrate({ ...options, migrations: [first] }), ['001-a.sql']);
    assert.deepEqual(await migrate({ ...options, migrations: [first, second] }), ['002-b.sql']);
  });

  await t.test('must refuse one that was changed or is missing, before it applies another', async (t) => {
    const options = clients(t, url, 'changed');
    await migrate({ ...options, migrations: [first] });
    const changed = { ...first, sql: first.sql.replace('Int8', 'Int16') };
    await assert.rejects(migrate({ ...options, migrations: [changed, second] }), {
      code: 'CLICKHOUSE_REJECTED',
      message: /001-a\.sql was changed after it was applied to changed; restore it/,
    });
    await assert.rejects(migrate({ ...options, migrations: [second] }), {
      message: /001-a\.sql, which this version does not know/,
    });
    assert.deepEqual(await migrate({ ...options, migrations: [first, second] }), ['002-b.sql']);
  });

  await t.test('must go on where it was cut off', async (t) => {
    const options = clients(t, url, 'cut');
    const broken = { ...second, sql: `${second.sql}\nSELEC 1;` };
    await assert.rejects(migrate({ ...options, migrations: [first, broken] }), {
      code: 'CLICKHOUSE_REJECTED',
      message: /^Cannot apply migration 002-b\.sql: Syntax error/,
    });
    assert.deepEqual(await migrate({ ...options, migrations: [first, second] }), ['002-b.sql']);
  });

  await t.test('must wait longer than other requests may take', async (t) => {
    const database = 'slow';
    const archive = openArchive(clickhouseConfig.parse({ url, database, requestTimeoutMs: 1000 }));
    t.after(() => archive.close());
    const { client } = clients(t, url, database);
    const slow = 'INSERT INTO a SELECT sleepEachRow(1) FROM numbers(3) SETTINGS max_block_size = 1;';
    // Retention is of tables that ship
    const migrations = [...shippedMigrations(), { name: '999-slow.sql', sql: `${first.sql}\n${slow}` }];
    await archive.prepare(undefined, migrations);
    assert.deepEqual(await rowsOf({ client }, 'SELECT count() AS rows FROM a'), [{ rows: 3 }]);
    await assert.rejects(rowsOf(archive, 'SELECT sleep(3)'), { message: /[Tt]imeout/ });
  });

  await t.test('must bear two processes that migrate at once', async (t) => {
    const options = clients(t, url, 'race');
    await Promise.all([migrate(options), migrate(options)]);
    assert.deepEqual(await migrate(options), []);
  });

  await t.test('applyRetention must change what differs, and delete what is older', async (t) => {
    const archive = await preparedArchive(t, url, { retentionDays: {} });
    const set = (config: object) => applyRetention(archive.client, archive.database, retentionConfig.parse(config));
    assert.deepEqual(await set({}), []);
    const rollups = {
      scores: ['scores_by_time', 'scores_by_subject', 'contributions_by_subject'],
      decisions: ['decisions_by_time', 'interventions_in_time'],
    };
    const changed = ['scores_raw', ...rollups.scores, 'decisions_raw', ...rollups.decisions, 'labels_raw'];
    assert.deepEqual(await set({ scores: 7, labels: 3650, decisions: 0 }), changed);
    assert.deepEqual(await set({ scores: 7, labels: 3650, decisions: 0 }), []);
    assert.deepEqual(await set({}), changed);
    const batch = archive.newBatch('test');
    const alert = {
      subject: 's',
      pipeline: 'p',
      kind: 'silent',
      severity: 'info',
      summary: '',
      decisionId: null,
      at: 0,
    };
    batch.add(messageOf('alerts', 1, { timestamp: 1_000_000_000_000 }), { ...alert, alertId: 'old' });
    batch.add(messageOf('alerts', 2, { timestamp: Date.now() }), { ...alert, alertId: 'new' });
    await archive.insert(batch);
    await archive.client.command({ query: 'OPTIMIZE TABLE alerts_raw FINAL' });
    assert.deepEqual(await rowsOf(archive, 'SELECT alert_id FROM alerts'), [{ alert_id: 'new' }]);
  });
});

test('retention must stay within what ClickHouse can add to a date', () => {
  assert.throws(() => clickhouseConfig.parse({ retentionDays: { scores: 36_500 } }));
  assert.throws(() => clickhouseConfig.parse({ retentionDays: { score: 1 } }), /score/);
});
