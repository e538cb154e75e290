import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NEVER, of } from 'rxjs';
import { accessRecord } from '../../../infra/agents/access/reading.ts';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { archiveAccessLog } from '../../../infra/clickhouse/accessLog.ts';
import { clickhouseConfig } from '../../../infra/clickhouse/config.ts';
import { configSchema } from '../../../infra/config/config.ts';
import { threadedTrial } from '../../../infra/replay/threadedTrial.ts';
import type { AccessRecord } from '../../../models/access/records.ts';
import type { SaidRisk } from '../../../operators/preprovision/toldRisks.ts';
import { controlRecord } from '../../../schemas/control.ts';
import { type PreprovisionPolicy, parsePreprovisionPolicy } from '../../../schemas/preprovisionPolicy.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from '../cli/ebbtide.ts';
import { scoreOf } from '../console/records.ts';
import { daily, dayMs, hourMs, t0 } from '../replay/preprovision/accesses.ts';
import { messageOf, preparedArchive } from './support.ts';

const days = 21;

test('accesses of the archive come back in their order with what they are joined with, and a policy is tried on them', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const rows = archive.newBatch('default');
  const records = [
    ...daily('bob', 'web-1', days, 14.25 * hourMs),
    ...daily('ada', 'build-7', days, 9.5 * hourMs),
    accessRecord({ user: '', vm: 'old-1', kind: 'vmState', vmState: 'stopped', time: t0 + 1 }),
  ];
  records.forEach((record, offset) => {
    rows.add(messageOf('telemetry.access', offset, { partition: record.user === 'bob' ? 1 : 0 }), record);
  });
  const clock = { time: t0, controlOffset: 1, scoresOffset: 2, modelSequence: 0 };
  rows.add(messageOf('telemetry.access', 900), accessRecord({ user: '', kind: 'unknown', time: t0, clock }));
  const told = (user: string, hours: number, risk: number, more = {}) =>
    scoreOf(user, t0 + 16 * dayMs + hours * hourMs, risk / 100, more);
  for (const [offset, score] of [
    ...[told('bob', 0.2, 90), told('bob', 0.8, 20), told('bob', 1.1, 70), told('cred-1', 1, 99)],
    ...[told('bob', 0.9, 95, { role: 'challenger' }), told('bob', 0.9, 95, { learning: true })],
  ].entries())
    rows.add(messageOf('scores', offset), score);
  const stop = controlRecord({ kind: 'killSwitch', value: true, by: 'ann', reason: 'drill' }, t0 - dayMs);
  rows.add(messageOf('control', 4, { partition: 0 }), { ...stop, expiresAt: t0 });
  await archive.insert(rows);
  const other = archive.newBatch('another');
  other.add(messageOf('telemetry.access', 0), daily('eve', 'web-1', 1, hourMs)[0]!);
  await archive.insert(other);

  const log = archiveAccessLog(archive, 'default');
  const all = { fromMs: t0, toMs: t0 + days * dayMs, oneIn: 1 };
  assert.deepEqual(await log.extent(all.fromMs, all.toMs, t0 + 14 * dayMs), { pairs: 2, busiestDay: 2, accesses: 14 });
  const read = async (slice: typeof all) => {
    const found: [number, AccessRecord][] = [];
    await log.records(slice, (partition, record) => found.push([partition, record]));
    return found;
  };
  const found = await read(all);
  assert.deepEqual(
    found.slice(0, 3).map(([partition, { user, vm, time, vmState }]) => [partition, user, vm, time - t0, vmState]),
    [
      [0, '', 'old-1', 1, 'stopped'],
      [0, 'ada', 'build-7', 9.5 * hourMs, null],
      [1, 'bob', 'web-1', 14.25 * hourMs, null],
    ],
  );
  assert.equal(found.length, 2 * days + 1);
  // Machines are there whoever is left out, and everybody in one part or another
  const some = await read({ ...all, oneIn: 1_000_000 });
  assert.ok(some.length < found.length && some.some(([, { vm }]) => vm === 'old-1'));
  const said: [string, SaidRisk][] = [];
  await log.risks(all, (user, risk) => said.push([user, risk]));
  assert.deepEqual(
    said.map(([user, { pipeline, risk, windowEnd }]) => [user, pipeline, risk, (windowEnd - t0 - 16 * dayMs) / hourMs]),
    [
      ['bob', 'lifecycle', 20, 0.8],
      ['bob', 'lifecycle', 70, 1.1],
    ],
  );
  assert.equal((await log.control()).at('killSwitch', 5)?.by, 'ann');

  await t.test('in a thread, for the console', async () => {
    const clickhouse = clickhouseConfig.parse({ url, database: archive.database });
    const attempt = threadedTrial<PreprovisionPolicy>('preprovision', clickhouse, configSchema.parse({}));
    const shares: number[] = [];
    const wish = {
      policy: parsePreprovisionPolicy({ minChance: 1 }),
      inForce: parsePreprovisionPolicy({}),
      ...{ from: t0 + 14 * dayMs + 60_000, to: t0 + days * dayMs + 60_000, stopping: NEVER },
      progressed: (done: number, of: number) => shares.push(done / of),
    };
    const { pipeline, figures, users, differences } = await attempt(wish);
    assert.deepEqual(
      [pipeline, figures.visits, figures.againstHits, figures.hits, figures.misses],
      ['preprovision', 14, 13, 0, 14],
    );
    // Bob was a risk on one day
    assert.deepEqual([figures.againstWithheld, figures.differingSubjects], [2, 2]);
    assert.deepEqual(users.map(({ user }) => user).sort(), ['ada', 'bob']);
    assert.ok(differences.some(({ inForce }) => inForce?.withheld === 'risk'));
    assert.ok(shares.length > 100 && shares.every((share) => share >= 0 && share < 1));
    await assert.rejects(attempt({ ...wish, stopping: of(0) }), { code: 'CANCELLED' });
    await assert.rejects(attempt({ ...wish, from: t0 - 20 * dayMs, to: t0 - 19 * dayMs }), { code: 'DATA_MISSING' });
  });

  await t.test('by the command', async (t) => {
    const folder = temporaryFolder(t);
    const config = join(folder, 'ebbtide.yaml');
    writeFileSync(config, `clickhouse:\n  url: ${url}\n  database: ${archive.database}\n`);
    const never = join(folder, 'never.yaml');
    writeFileSync(never, 'minChance: 1\n');
    const since = ['--since', new Date(t0 + 14 * dayMs).toISOString(), '--until', new Date(all.toMs).toISOString()];
    const command = ['policy', 'test', '--pipeline', 'preprovision', ...since, '--config', config];
    const tested = await ebbtide(['--json', ...command, '--policy', never]);
    assert.equal(tested.status, exitCodes.ok, tested.stderr);
    const { name, figures, users } = JSON.parse(tested.stdout);
    assert.deepEqual([name, figures.hits, figures.againstHits, users.length], ['policy-test', 0, 13, 2]);
    const shown = await ebbtide(command);
    assert.match(shown.stdout, /hitRatePercent/);
    assert.match(shown.stdout, /ada/);
    const empty = await ebbtide([...command.slice(0, 4), '--since', '1h', '--config', config]);
    assert.match(empty.stderr, /The archive holds no access of this time/);
    writeFileSync(never, 'minChance: 2\n');
    const wrong = await ebbtide([...command, '--policy', never]);
    assert.match(wrong.stderr, /never\.yaml.*minChance/s);
  });
});
