import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '@clickhouse/client';
import { openArchive } from '../../../infra/clickhouse/client.ts';
import { clickhouseConfig } from '../../../infra/clickhouse/config.ts';
import { migrate, shippedMigrations } from '../../../infra/clickhouse/migrate.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, rowsOf } from './support.ts';

const at = 1_790_000_000_000;
const score = (i: number) => ({
  subject: `cred-${i % 7}`,
  pipeline: 'lifecycle',
  windowStart: at + i * 1000,
  windowEnd: at + (i + 1) * 1000,
  samples: 1,
  score: (i % 10) / 10,
  risk: 0,
  severity: 0,
  frequency: 0,
  pValue: (i % 100) / 100,
  statistic: 0,
  learning: false,
  contributions: [
    { feature: 'cpu', weight: (i % 4) / 4, direction: 'above', expected: null, observed: null, unit: '' },
  ],
  modelVersion: 'm',
  role: 'champion',
});

const credential = (credentialId: string) => ({
  ...{ credentialId, kind: 'token', reference: credentialId, mount: 'auth/token/', role: 'function', entityId: null },
  ...{
    function: 'thumbnail',
    instance: 'i',
    event: '',
    issuedAt: at,
    expiresAt: at + 1000,
    ttlMs: 1000,
    maxTtlMs: 1000,
  },
  ...{ explicitMaxExpiresAt: null, shortening: 'continuous', status: 'active' },
});

test('rollups hold what was archived before them, however often their migration is repeated', async (t) => {
  const { url } = await clickHouse(t);
  const archive = openArchive(clickhouseConfig.parse({ url, database: 'past' }));
  const bootstrap = createClient({ url });
  t.after(async () => {
    await archive.close();
    await bootstrap.close();
  });
  const options = { client: archive.client, bootstrap, database: 'past' };
  const migrations = shippedMigrations();
  await migrate({ ...options, migrations: migrations.filter(({ name }) => !name.includes('rollups')) });
  const batch = archive.newBatch('test');
  for (let i = 0; i < 1000; i++) batch.add(messageOf('scores', i, { timestamp: at }), score(i));
  for (const [i, credentialId] of ['a', 'b', 'a'].entries())
    batch.add(messageOf('credentials', i, { timestamp: at, key: Buffer.from(credentialId) }), credential(credentialId));
  await archive.insert(batch);

  const rollups = async () => {
    const [time] = await rowsOf<Record<string, number>>(
      archive,
      `SELECT groupBitmapMerge(windows) AS windows, round(avgMerge(scores_by_time.score), 9) AS mean, max(highest) AS highest,
round(avgMerge(p_at_most_0_01), 9) AS share FROM scores_by_time`,
    );
    const [subjects] = await rowsOf<Record<string, number>>(
      archive,
      'SELECT uniqExact(subject) AS subjects, max(score) AS worst FROM scores_by_subject',
    );
    const [moved] = await rowsOf<Record<string, number>>(
      archive,
      'SELECT sum(weight) / sum(windows) AS weight FROM contributions_by_subject',
    );
    const [functions] = await rowsOf<Record<string, number>>(
      archive,
      "SELECT count() AS held FROM credentials_by_function FINAL WHERE function = 'thumbnail'",
    );
    return { ...time, ...subjects, ...moved, ...functions };
  };
  const expected = {
    windows: 1000,
    mean: 0.45,
    highest: 0.9,
    share: 0.02,
    subjects: 7,
    worst: 0.9,
    weight: 0.375,
    held: 2,
  };
  assert.deepEqual(await migrate(options), [
    '050-rollups.sql',
    '051-rollups-past.sql',
    '070-rollups-hours.sql',
    '071-rollups-subject.sql',
  ]);
  assert.deepEqual(await rollups(), expected);

  // Cut off after its statements, before it was noted: it is run again
  const again = ['051-rollups-past.sql', '071-rollups-subject.sql'];
  await archive.client.command({ query: `DELETE FROM migrations WHERE name IN ('${again.join("', '")}')` });
  assert.deepEqual(await migrate(options), again);
  await archive.insert(batch);
  assert.deepEqual(await rollups(), expected);

  const more = archive.newBatch('test');
  for (let i = 1000; i < 1500; i++) more.add(messageOf('scores', i, { timestamp: at }), score(i));
  await archive.insert(more);
  assert.equal((await rollups()).windows, 1500);
});
