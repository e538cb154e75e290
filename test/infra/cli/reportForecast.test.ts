import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessRecord } from '../../../infra/agents/access/reading.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { messageOf, preparedArchive } from '../clickhouse/support.ts';
import { ebbtide } from './ebbtide.ts';

const hour = 3_600_000;
const start = Date.parse('2026-03-02T00:00:00Z');
const days = 21;

test('ebbtide report forecast tells chances of any window and the time of the next access, by the model in force', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const batch = archive.newBatch('test');
  let offset = 0;
  for (let day = 0; day < days; day++)
    for (const [user, at] of [
      ['ada', 9],
      ['bob', 15],
    ] as const) {
      const time = start + (day * 24 + at) * hour + 60_000;
      batch.add(messageOf('telemetry.access', offset++), accessRecord({ user, kind: 'login', vm: 'build-7', time }));
    }
  await archive.insert(batch);
  const folder = temporaryFolder(t);
  const file = join(folder, 'ebbtide.yaml');
  writeFileSync(
    file,
    `clickhouse:\n  url: ${url}\n  database: ${archive.database}\nmodels:\n  registry: ${join(folder, 'registry')}\n`,
  );
  const forecast = (...args: string[]) =>
    ebbtide(['report', 'forecast', ...args, '--at', '2026-03-23T06:30:00Z', '--config', file]);

  const answer = await forecast('ada', '--json', '--from', '2h', '--to', '4h');
  assert.equal(answer.status, 0, answer.stderr);
  const own = JSON.parse(answer.stdout);
  assert.deepEqual(
    [own.user, own.vm, own.at, own.model, own.helps],
    ['ada', 'build-7', '2026-03-23T06:00:00.000Z', 'statistics', true],
  );
  assert.ok(own.within24h > 0.8 && own.within1h < 0.3, answer.stdout);
  assert.ok(own.withinWindow > 0.4, answer.stdout);
  const { stdout } = await forecast('ada');
  assert.match(stdout, /^From 2026-03-23T06:00 UTC on, by model statistics$/m);
  assert.match(stdout, /^build-7 +[\d.]+ % +[\d.]+ % +[\d.]+ % +2026-03-23T/m);

  const nobody = await forecast('nobody');
  assert.equal(nobody.status, 1);
  assert.match(nobody.stderr, /knows no access of nobody/);
  const backwards = await forecast('ada', '--from', '5h', '--to', '4h');
  assert.notEqual(backwards.status, 0);
  assert.match(backwards.stderr, /must end after it begins/);
});
