import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { DiskStore } from '../../../models/registry/disk.ts';
import { ModelRegistry } from '../../../models/registry/registry.ts';
import { reportOf } from '../../models/feedback/reports.ts';
import { variantOfShipped } from '../../models/registry/variant.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from './ebbtide.ts';

const shipped = basename(shippedAnomalyModel());

/** A registry with two versions, and how to ask the command line about it. */
const prepared = async (t: TestContext) => {
  const folder = temporaryFolder(t);
  const registry = new ModelRegistry(new DiskStore(join(folder, 'registry')));
  await registry.publish('anomaly', shippedAnomalyModel(), 'me', new Date('2026-01-01'));
  const other = await variantOfShipped(join(folder, 'other'), 'other', (manifest) => ({
    ...manifest,
    metrics: { ...manifest.metrics, rank: 1 },
  }));
  await registry.publish('anomaly', other, 'me', new Date('2026-01-02'), reportOf('other'));
  const file = join(folder, 'ebbtide.yaml');
  writeFileSync(file, `models:\n  registry: ${join(folder, 'registry')}\n`);
  return {
    folder,
    models: (...args: string[]) => ebbtide(['models', ...args, '-c', file], { EBBTIDE_DATA: join(folder, 'data') }),
  };
};

test('ebbtide models list shows versions, newest first, as a table or as JSON', async (t) => {
  const { models } = await prepared(t);
  const list = await models('list');
  assert.equal(list.status, exitCodes.ok, list.stderr);
  assert.deepEqual(
    list.stdout.split('\n').map((line) => line.split(/ +/)[0]),
    ['version', 'other', shipped, ''],
  );
  assert.match(list.stderr, /None was promoted yet/);
  const lines = (await models('list', '--json')).stdout.trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).version),
    ['other', shipped],
  );
  const none = await models('list', '--kind', 'scope');
  assert.equal(none.status, exitCodes.ok);
  assert.match(none.stderr, /No version of scope/);
});

test('ebbtide models show and diff say what a version is, and in what two differ', async (t) => {
  const { models } = await prepared(t);
  const show = await models('show', 'other');
  assert.equal(show.status, exitCodes.ok, show.stderr);
  assert.match(show.stdout, /^anomaly other\npublished 2026-01-02T00:00:00\.000Z by me/);
  assert.match(show.stdout, /^ {2}metrics\.rank +1$/m);
  assert.match(show.stdout, /^Report of 2026-01-02T00:00:00\.000Z\nChampion first stays before challenger other$/m);
  assert.match(show.stdout, /^all labelled attacks detected +5 of 6 +4 of 6$/m);
  assert.match(show.stdout, /^Lost: cred-1, .*: highest score 0\.800, now 0\.500$/m);
  const { record, report } = JSON.parse((await models('show', 'other', '--json')).stdout);
  assert.equal(record.version, 'other');
  assert.deepEqual(report, reportOf('other'));
  const without = await models('show', shipped);
  assert.equal(without.status, exitCodes.ok, without.stderr);
  assert.doesNotMatch(without.stdout, /Report/);
  const { differences } = JSON.parse((await models('diff', shipped, 'other', '--json')).stdout);
  assert.deepEqual(differences, [
    { name: 'metrics.rank', before: null, after: '1' },
    { name: 'version', before: shipped, after: 'other' },
  ]);
  assert.match((await models('diff', shipped, shipped)).stdout, /hold the same/);
});

test('ebbtide models says what is wrong, and ends accordingly', async (t) => {
  const { models, folder } = await prepared(t);
  const cases: [string[], number, RegExp][] = [
    [['show', 'none'], exitCodes.failed, /There is no version none of anomaly .* see ebbtide models list/],
    [['show', '../x'], exitCodes.failed, /There is no version/],
    [['challenge'], exitCodes.usage, /Name a version to challenge with, or give --end/],
    [['challenge', 'other', '--end'], exitCodes.usage, /Name a version to challenge with, or give --end/],
    [['list', '--kind', 'nonsense'], exitCodes.usage, /Allowed choices are anomaly, scope, access, biometric/],
    [['promote', 'other'], exitCodes.unreachable, /start "ebbtide up" first/],
  ];
  for (const [args, status, message] of cases) {
    const run = await models(...args);
    assert.equal(run.status, status, `${args}: ${run.stderr}`);
    assert.match(run.stderr, message);
  }
  const away = join(folder, 'away.yaml');
  writeFileSync(away, 'models:\n  registry: s3://bucket/p\n  s3:\n    endpoint: http://127.0.0.1:9\n');
  const environment = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', EBBTIDE_DATA: join(folder, 'data') };
  const run = await ebbtide(['models', 'list', '-c', away], environment);
  assert.equal(run.status, exitCodes.unreachable);
  assert.match(run.stderr, /s3:\/\/bucket\/p\/ at http:\/\/127\.0\.0\.1:9 cannot be reached/);
});
