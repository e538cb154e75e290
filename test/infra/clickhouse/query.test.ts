import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseArchive } from '../../../infra/clickhouse/client.ts';
import { formatTable } from '../../../infra/clickhouse/formatTable.ts';
import { type QueryOptions, queryArchive } from '../../../infra/clickhouse/query.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { preparedArchive, rowsOf } from './support.ts';

const answerOf = async (
  archive: ClickHouseArchive,
  sql: string,
  options: Partial<QueryOptions> = {},
): Promise<string> => {
  let answer = '';
  for await (const text of queryArchive(archive, sql, { format: 'jsonl', ...options })) answer += text;
  return answer;
};

test('queryArchive', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const ask = (sql: string, options?: Partial<QueryOptions>) => answerOf(archive, sql, options);

  await t.test('must answer people with a table', async () => {
    const sql = "SELECT number AS n, if(number = 1, NULL, 'row ' || number) AS name FROM numbers(3); \n";
    assert.equal(await ask(sql, { format: 'table' }), 'n  name\n─  ─────\n0  row 0\n1  –\n2  row 2\n3 rows\n');
    assert.equal(await ask('SELECT 1 AS x WHERE 0', { format: 'table' }), 'x\n─\n\n0 rows\n'.replace('\n\n', '\n'));
  });

  await t.test('must answer machines with a line of JSON a row, exact beyond 2^53 and for NaN', async () => {
    assert.equal(
      await ask('SELECT arrayJoin([9007199254740993, 1]) AS n, if(n = 1, inf, nan) AS x'),
      '{"n":9007199254740993,"x":"nan"}\n{"n":1,"x":"inf"}\n',
    );
  });

  await t.test('must read what only reads, whatever stands before it', async () => {
    for (const sql of [
      'SHOW TABLES',
      'DESCRIBE scores',
      'EXPLAIN SELECT 1',
      'EXISTS scores',
      '-- why\n/* ; */ (SELECT 1)',
      'WITH 1 AS x SELECT x -- end',
    ])
      assert.notEqual(await ask(sql), '', sql);
  });

  const refused: readonly string[] = [
    'DROP TABLE scores_raw',
    'DROP TABLE IF EXISTS nothing',
    'TRUNCATE TABLE scores_raw',
    'INSERT INTO migrations (name) VALUES (1)',
    "INSERT INTO FUNCTION file('/tmp/x', 'CSV', 'a Int8') VALUES (1)",
    'ALTER TABLE scores_raw DELETE WHERE 1',
    'KILL QUERY WHERE 1',
    'SET readonly = 0',
    'SYSTEM SHUTDOWN',
    '/* SELECT */ CREATE TABLE x (a Int8) ENGINE = Memory',
    '',
  ];
  for (const sql of refused)
    await t.test(`must refuse: ${sql || 'nothing'}`, () =>
      assert.rejects(ask(sql), { code: 'REQUEST_INVALID', message: /^Query (begins|is empty)/ }),
    );

  const rejected: readonly string[] = [
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT 1 SETTINGS max_result_rows = 0',
    "SELECT * FROM file('/etc/hostname', 'LineAsString')",
    `SELECT * FROM url('${url}/ping', 'LineAsString')`,
    "SELECT 1 INTO OUTFILE '/tmp/ebbtide-outfile'",
    'SELECT 1; DROP TABLE scores_raw',
    'EXPLAIN SELECT 1; DROP TABLE scores_raw',
  ];
  for (const sql of rejected)
    await t.test(`must have ClickHouse refuse: ${sql}`, () =>
      assert.rejects(ask(sql), { code: 'CLICKHOUSE_REJECTED' }),
    );

  await t.test('must say which limit a query passed', async () => {
    await assert.rejects(ask('SELECT number FROM numbers(101)', { maxRows: 100 }), {
      code: 'REQUEST_INVALID',
      message: 'Query has more than 100 rows; add a LIMIT, aggregate, or allow more',
    });
    await assert.rejects(ask('SELECT sleepEachRow(0.5) FROM numbers(100) SETTINGS max_block_size = 1'), {
      code: 'CLICKHOUSE_REJECTED',
    });
    await assert.rejects(ask('SELECT count() FROM system.numbers', { maxSeconds: 1 }), {
      code: 'REQUEST_INVALID',
      message: /^Query ran longer than 1 s/,
    });
  });

  await t.test('must show a mistake as ClickHouse does, without its version', async () => {
    await assert.rejects(ask('SELECT nonsense FROM scores'), (error: Error) => {
      assert.match(error.message, /^Query failed: .*nonsense.*\(UNKNOWN_IDENTIFIER\)$/s);
      assert.doesNotMatch(error.message, /version|official build/);
      return true;
    });
  });

  await t.test('must end when it is cancelled, at the server too', async () => {
    const signal = AbortSignal.timeout(200);
    await assert.rejects(ask('SELECT sum(number) AS cancelled FROM system.numbers', { signal }), { code: 'CANCELLED' });
    const still =
      "SELECT count() AS n FROM system.processes WHERE query LIKE '%AS cancelled%' AND query NOT LIKE '%processes%'";
    for (let running = 1; running > 0; await sleep(50)) running = (await rowsOf<{ n: number }>(archive, still))[0]!.n;
  });

  await t.test('must leave everything as it was', async () => {
    const [row] = await rowsOf<{ tables: number }>(
      archive,
      `SELECT count() AS tables FROM system.tables WHERE database = '${archive.database}'`,
    );
    assert.ok(row!.tables > 25);
  });
});

test('formatTable must stream beyond the rows it measures, cut long cells and disarm control characters', async () => {
  async function* lines() {
    yield '["n","te';
    yield 'xt"]\n["UInt64","String"]\n';
    for (let row = 0; row < 2500; row++) yield `["${row}","\\u001b[31m${row === 0 ? 'x'.repeat(200) : ''}"]\n`;
  }
  let table = '';
  for await (const text of formatTable(lines())) table += text;
  const rows = table.split('\n');
  assert.equal(rows.length, 2 + 2500 + 2);
  assert.equal(rows.at(-2), '2500 rows');
  assert.match(rows[2]!, /^ {2}0 {2}\\u001b\[31mx+…$/);
  assert.equal(rows[2]!.length, 3 + 2 + 80);
});
