import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ClickHouseArchive } from '../../../infra/clickhouse/client.ts';
import { archiveAlerts } from '../../../infra/grafana/alerts.ts';
import { build } from '../../../infra/grafana/board.ts';
import { archiveBoards as boards } from '../../../infra/grafana/dashboards/index.ts';
import type { ClickHouseTarget } from '../../../infra/grafana/query.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { preparedArchive, rowsOf } from '../clickhouse/support.ts';
import { astray, fill, hostile, thief } from './filled.ts';
import { ask, type Frame, type Look, withMacros, withVariables } from './plugin.ts';

const hour = 3_600_000;
const all = { pipeline: '*', service: '*', user: '*', console: 'http://localhost:7070', datasource: 'x' };

/** Columns of a panel whose rows are numbers in time, and whether they are so. */
const assertLines = ({ columns, rows }: Frame, look: Look): void => {
  assert.deepEqual(
    columns.map(({ name }) => name),
    ['time', 'series', 'value'],
  );
  assert.match(columns[0]!.type, /^(DateTime|Nullable\(DateTime)/);
  assert.match(columns[1]!.type, /String/);
  assert.match(columns[2]!.type, /Float64/);
  let last = '';
  for (const [time, series, value] of rows) {
    assert.ok(typeof value === 'number' && Number.isFinite(value) && value >= 0, `${series} at ${time} is ${value}`);
    assert.ok(typeof series === 'string' && series !== '', `a name of a line: ${series}`);
    assert.ok(String(time) >= last, 'in the order of time');
    last = String(time);
    const ms = Date.parse(`${String(time).replace(' ', 'T')}Z`);
    assert.ok(ms >= look.fromMs - hour && ms <= look.toMs, `${time} lies in the range`);
  }
  const keys = rows.map(([time, series]) => `${time} ${series}`);
  assert.equal(new Set(keys).size, keys.length, 'one number for each line and time');
};

/** A panel of one number has one. */
const assertNumber = ({ columns, rows }: Frame): void => {
  assert.equal(columns.length, 1);
  assert.equal(rows.length, 1);
  const [value] = rows[0]!;
  // Whole numbers of 64 bits come as text
  assert.ok(value !== null && Number.isFinite(Number(value)), `${columns[0]!.name} is ${value}`);
};

const assertTable = ({ columns }: Frame): void => {
  const names = columns.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, 'columns differ in their names');
  for (const name of names) assert.match(name, /^[a-z][a-z0-9_]*$/);
};

/** Panels of a subject, which are looked at with the subject for whom they have something to show. */
const subjectOf: Readonly<Record<string, string>> = { Calls: thief, Labels: hostile };

test('dashboards over a real archive', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const toMs = Date.now();
  await fill(archive, toMs - hour + 60_000);
  const look: Look = { fromMs: toMs - 2 * hour, toMs, intervalMs: 300_000, variables: { ...all, subject: astray } };

  for (const board of boards)
    await t.test(board.title, async (t) => {
      const dashboard = build(board);
      for (const panel of dashboard.panels as unknown as Panel[])
        await t.test(`${panel.type} ${panel.title}`, async () => {
          const subject = subjectOf[panel.title] ?? astray;
          const one = { ...look, variables: { ...look.variables, subject } };
          for (const target of panel.targets) {
            const frame = await ask(archive, target.rawSql, one);
            assert.ok(frame.rows.length > 0, 'there are rows');
            if (panel.type === 'timeseries') assertLines(frame, look);
            else if (panel.type === 'stat') assertNumber(frame);
            else assertTable(frame);
          }
        });
      for (const { name, target } of (dashboard.annotations.list ?? []) as unknown as Annotation[])
        await t.test(`annotation ${name}`, async () => {
          const { columns, rows } = await ask(archive, target.rawSql, look);
          assert.deepEqual(
            columns.map((column) => column.name),
            ['time', 'title', 'text', 'tags'],
          );
          assert.ok(rows.length > 0);
        });
      for (const { name, query } of (dashboard.templating.list ?? []) as unknown as Variable[])
        if (typeof query === 'object')
          await t.test(`variable ${name}`, async () => {
            const { columns, rows } = await ask(archive, query.rawSql, look);
            assert.equal(columns.length, 1);
            assert.ok(rows.length > 0);
          });
    });

  await t.test('numbers are those of what was written', (t) => numbersHold(t, archive, look));

  await t.test('a long range reads the rollup by hours, and its numbers are the same', async (t) => {
    const long = { ...look, intervalMs: hour };
    await numbersHold(t, archive, long);
    const { panels } = build(boards.find(({ name }) => name === 'scope')!);
    for (const { type, title, targets } of panels as unknown as Panel[]) {
      const frame = await ask(archive, targets[0]!.rawSql, long);
      assert.ok(frame.rows.length > 0, title);
      if (type === 'timeseries') assertLines(frame, long);
    }
    const calls = panelOf('scope', 'Calls').targets[0]!.rawSql;
    const query = withMacros(withVariables(calls, long.variables), long);
    const plan = await (
      await archive.client.query({ query: `EXPLAIN indexes = 1 ${query}`, format: 'TabSeparatedRaw' })
    ).text();
    const parts = plan
      .split('ReadFromMergeTree ')
      .slice(1)
      .map((text) => [/api_calls_by_\w+/.exec(text)?.[0], /Parts: 0 /.test(text) ? 'none' : 'some']);
    assert.deepEqual(parts, [
      ['api_calls_by_time', 'none'],
      ['api_calls_by_hour', 'some'],
    ]);
    const moved = panelOf('subject', 'What moved the score').targets[0]!.rawSql;
    const hourly = await ask(archive, moved, long);
    assert.ok(hourly.rows.length > 0);
    // The same points of windows themselves
    const each = await ask(archive, moved.replaceAll('$__interval_s', '0'), long);
    const rounded = ({ rows }: Frame) => rows.map(([at, feature, value]) => [at, feature, Number(value).toFixed(9)]);
    assert.deepEqual(rounded(hourly), rounded(each));
  });

  for (const alert of archiveAlerts)
    await t.test(`alert ${alert.uid}`, async () => {
      const wide = { ...look, fromMs: toMs - Math.max(alert.seconds * 1000, 2 * hour) };
      const { columns, rows } = await ask(archive, alert.sql, wide);
      assert.deepEqual(
        columns.map(({ name, type }) => [name, type]),
        [['value', columns[0]!.type]],
      );
      assert.match(columns[0]!.type, /Float64/);
      assert.ok(rows.length <= 1);
      for (const [value] of rows) assert.ok(value === null || Number.isFinite(value));
    });

  await t.test('a variable with quotes and backslashes is text, and finds its subject', async () => {
    const one = {
      ...look,
      variables: { ...look.variables, subject: hostile, pipeline: hostile, service: hostile, user: hostile },
    };
    for (const board of boards)
      for (const panel of build(board).panels as unknown as Panel[])
        for (const target of panel.targets) await ask(archive, target.rawSql, one);
    const panel = panelOf('subject', 'Score, severity and frequency');
    const { rows } = await ask(archive, panel.targets[0]!.rawSql, one);
    assert.ok(rows.length > 0, 'the subject of that name is found');
    const [left] = await rowsOf<{ rows: number }>(archive, 'SELECT count() AS rows FROM scores_raw');
    assert.ok(left!.rows > 0);
    // What Grafana's own quoting would have made of it
    await assert.rejects(ask(archive, 'SELECT ${subject:sqlstring} AS subject', one));
  });

  await t.test('a message that is delivered twice changes no count', async (t) => {
    const again = await preparedArchive(t, url);
    await fill(again, look.toMs - hour + 60_000, true);
    await numbersHold(t, again, look);
  });
});

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets: readonly ClickHouseTarget[];
}
interface Annotation {
  readonly name: string;
  readonly target: ClickHouseTarget;
}
interface Variable {
  readonly name: string;
  readonly query: string | ClickHouseTarget;
}

const panelOf = (board: string, title: string): Panel =>
  (build(boards.find(({ name }) => name === board)!).panels as unknown as Panel[]).find(
    (panel) => panel.title === title,
  )!;

/** Counts of panels that read rollups are those of the rows themselves. */
const numbersHold = async (_: TestContext, archive: ClickHouseArchive, look: Look): Promise<void> => {
  const numberOf = async (board: string, title: string): Promise<number> => {
    const { rows } = await ask(archive, panelOf(board, title).targets[0]!.rawSql, look);
    return Number(rows[0]![0]);
  };
  const count = async (from: string): Promise<number> =>
    Number((await rowsOf<{ n: number }>(archive, `SELECT count() AS n FROM ${from}`))[0]!.n);
  const pairs = [
    ['fleet', 'Windows scored', "scores WHERE role = 'champion'"],
    ['fleet', 'Revocations', "decisions WHERE action = 'revoke' AND mode = 'enforce' AND withheld = ''"],
    ['credentials', 'Revoked', "effects WHERE action = 'revoke' AND outcome = 'enforced'"],
    ['scope', 'Calls', 'telemetry_api'],
    ['scope', 'Refused', 'telemetry_api WHERE denied'],
    ['records', 'Dead letters', 'dead_letters'],
    ['preprovision', 'Requests', 'provision_requests'],
    ['keylife', 'Keys issued', "credentials WHERE startsWith(credential_id, 'key-')"],
  ] as const;
  for (const [board, title, from] of pairs) {
    const expected = await count(from);
    assert.ok(expected > 0, from);
    assert.equal(await numberOf(board, title), expected, title);
  }
  assert.equal(await numberOf('credentials', 'Time to revoke, median'), await revokeMs(archive));
  const [worst] = (await ask(archive, panelOf('fleet', 'Worst subjects').targets[0]!.rawSql, look)).rows;
  assert.ok([astray, thief].includes(String(worst![0])), `worst is ${worst}`);
};

const revokeMs = async (archive: ClickHouseArchive): Promise<number> => {
  const [row] = await rowsOf<{ ms: number }>(
    archive,
    `SELECT dateDiff('millisecond', d.window_end, e.applied_at) AS ms FROM decisions AS d
INNER JOIN effects AS e ON e.decision_id = d.decision_id WHERE d.action = 'revoke'`,
  );
  return Number(row!.ms);
};
