import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { countActions, readActions } from '../../../infra/clickhouse/actions.ts';
import { queryArchive } from '../../../infra/clickhouse/query.ts';
import { packageRoot } from '../../../infra/paths.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { preparedArchive } from './support.ts';

test('actions must answer the questions of docs/people.md', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const event = (outcome: string, result: string, offset: number) => ({
    action_id: 'one',
    action: 'revoke',
    subject: "cred-1'; DROP TABLE actions_raw",
    outcome,
    person_id: 'oidc:1',
    name: 'ann',
    role: 'operator',
    entrance: 'oidc',
    address: '192.0.2.1',
    reason: '<b>phished</b>',
    details: '{}',
    result,
    at: '2026-01-01 00:00:00.000',
    kafka_cluster: 'test',
    kafka_partition: 0,
    kafka_offset: offset,
    kafka_time: '2026-01-01 00:00:00.000',
  });
  await archive.client.insert({
    table: 'actions_raw',
    format: 'JSONEachRow',
    // The second was archived twice
    values: [event('asked', '', 1), event('done', 'life enforced', 2), event('done', 'life enforced', 2)],
  });
  const text = readFileSync(join(packageRoot(), 'docs/people.md'), 'utf8');
  const asked = [...text.matchAll(/^ebbtide query "(.+)"$/gm)].map(([, sql]) => sql!);
  assert.equal(asked.length, 2);
  const answers: Record<string, unknown>[][] = [];
  for (const sql of asked) {
    let lines = '';
    for await (const piece of queryArchive(archive, sql, { format: 'jsonl' })) lines += piece;
    answers.push(
      lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    );
  }
  assert.deepEqual(answers[0]!.map(({ outcome, reason }) => [outcome, reason]).sort(), [
    ['asked', '<b>phished</b>'],
    ['done', '<b>phished</b>'],
  ]);
  assert.deepEqual(
    answers[1]!.map(({ name, 'count()': count }) => [name, Number(count)]),
    [['ann', 1]],
  );

  const filter = { who: '', action: '', outcome: '', q: '', from: 0, to: Date.UTC(2100, 0, 1) } as const;
  const found = await readActions(archive, filter, 0, 10);
  assert.deepEqual(
    found.map(({ actionId, outcome, result, at, endedAt }) => [actionId, outcome, result, at, endedAt]),
    [['one', 'done', 'life enforced', Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1)]],
  );
  for (const [wish, count] of [
    [{}, 1],
    [{ who: 'ANN' }, 1],
    [{ who: "x' OR 1" }, 0],
    [{ action: 'label' }, 0],
    [{ outcome: 'asked' }, 0],
    [{ q: 'PHISHED drop' }, 1],
    [{ q: 'phished nowhere' }, 0],
    [{ to: Date.UTC(2026, 0, 1) }, 0],
    [{ from: Date.UTC(2026, 0, 2) }, 0],
  ] as const)
    assert.equal(await countActions(archive, { ...filter, ...wish }), count, JSON.stringify(wish));
});
