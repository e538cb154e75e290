import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessView } from '../../../infra/clickhouse/views/access.ts';
import { blankProvision } from '../../../infra/provision/records.ts';
import type { AccessTelemetry } from '../../../schemas/generated/index.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from '../cli/ebbtide.ts';
import { messageOf, preparedArchive } from './support.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** A Saturday; the clocks of Berlin go forward in the night after it. */
const start = Date.parse('2026-03-28T00:00:00Z');

test('accessView must tell when, how often, by what and where somebody comes, and nothing of anybody else', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const batch = archive.newBatch('test');
  let offset = 0;
  const add = (record: Partial<AccessTelemetry>) =>
    batch.add(messageOf('telemetry.access', offset++), {
      ...{ user: 'ada', kind: 'login', time: start, vm: 'build-7', application: null, vmState: null },
      ...{ scheduledFor: null, durationMs: null, address: '10.0.0.7', succeeded: true, clock: null },
      ...record,
    });
  // Nine on the wall is eight in UTC on Saturday, and seven the days after
  add({ time: start + 8 * hour, application: 'sshd' });
  add({ time: start + 8 * hour + 5 * minute, kind: 'application', application: 'psql', address: null });
  add({ time: start + day + 7 * hour, application: 'sshd' });
  add({ time: start + 2 * day + 7 * hour, application: 'cockpit', vm: 'db-1', address: '10.0.0.8' });
  add({ time: start + 2 * day + 7 * hour + minute, application: 'cockpit', vm: 'db-1', succeeded: false });
  add({ kind: 'scheduledJob', application: 'backup', time: start, scheduledFor: start + day });
  add({ kind: 'scheduledJob', application: 'backup', time: start + day, scheduledFor: start + 2 * day });
  for (const told of [0, 1])
    add({ user: '', kind: 'vmState', vmState: 'running', time: start + 6 * hour, address: String(told) });
  add({ user: '', kind: 'vmState', vmState: 'archived', time: start + 2 * day });
  add({ user: '', kind: 'vmState', vmState: 'stopped', vm: 'other-1', time: start + 2 * day });
  add({ user: 'bob', vm: 'other-1', application: 'gdm', time: start + 9 * hour });
  const pair = { user: 'ada', vm: 'build-7' };
  batch.add(messageOf('provisions', 0, { key: Buffer.from('ada/build-7') }), {
    ...blankProvision(pair, start + day, 'test'),
    ...{ state: 'preProvisioned', method: 'password', probability: 0.75, predictedAt: start + day + 7 * hour },
  });
  // What was handed over says nothing of what was foreseen
  batch.add(messageOf('provisions', 1, { key: Buffer.from('ada/build-7') }), {
    ...blankProvision(pair, start + day + 8 * hour, 'test'),
    ...{ state: 'delivered', method: 'password', served: 'preProvisioned' },
  });
  await archive.insert(batch);

  const view = await accessView(archive, 'ada', start, start + 7 * day, 'Europe/Berlin');
  assert.deepEqual(view.facts, {
    ...{ accesses: 4, failed: 1, days: 3, hours: 3, sessions: 3, medianGapH: 24, addresses: 2 },
    ...{ firstAt: start + 8 * hour, lastAt: start + 2 * day + 7 * hour },
  });
  assert.deepEqual(
    view.week.map(({ weekday, hour, active }) => [weekday, hour, active]),
    [
      [1, 9, 1],
      [6, 9, 1],
      [7, 9, 1],
    ],
  );
  assert.deepEqual(
    view.applications.map(({ application, uses, failed, machines }) => [application, uses, failed, machines]),
    [
      ['sshd', 2, 0, ['build-7']],
      ['cockpit', 1, 1, ['db-1']],
      ['psql', 1, 0, ['build-7']],
    ],
  );
  assert.deepEqual(view.machines, [
    {
      ...{ vm: 'db-1', accesses: 1, hours: 1, lastAt: start + 2 * day + 7 * hour, state: null, since: null },
      ...{ stands: null, probability: null, predictedAt: null },
    },
    {
      ...{ vm: 'build-7', accesses: 3, hours: 2, lastAt: start + day + 7 * hour },
      ...{ state: 'archived', since: start + 2 * day },
      ...{ stands: 'delivered', probability: 0.75, predictedAt: start + day + 7 * hour },
    },
  ]);
  assert.deepEqual(view.transitions, [
    { vm: 'build-7', state: 'archived', at: start + 2 * day },
    { vm: 'build-7', state: 'running', at: start + 6 * hour },
  ]);
  assert.deepEqual(view.jobs, [{ vm: 'build-7', application: 'backup', due: start + 2 * day, toldAt: start + day }]);

  const folder = temporaryFolder(t);
  const file = join(folder, 'ebbtide.yaml');
  const { database } = archive;
  writeFileSync(
    file,
    `clickhouse:\n  url: ${url}\n  database: ${database}\npolicy:\n  preprovision:\n    timeZone: Europe/Berlin\n`,
  );
  const report = (...args: string[]) =>
    ebbtide(['report', 'access', ...args, '--since', '2026-03-28', '--until', '2026-04-04', '--config', file]);
  const json = await report('ada', '--json');
  assert.equal(json.status, 0, json.stderr);
  assert.deepEqual(JSON.parse(json.stdout), view);
  const { stdout } = await report('ada');
  assert.match(stdout, /^ada: 4 accesses \(1 more failed\) in 3 hours of 3 days, 3 sessions, usually 24\.0 h apart$/m);
  assert.match(stdout, /^Sat {2}\.{6} \.{3}9\.\. \.{6} \.{6}$/m);
  assert.match(stdout, /^psql +1 +0 +build-7 +2026-03-28T08:05$/m);
  assert.match((await report('nobody')).stdout, /^nobody: 0 accesses[\s\S]*Machines\nnone\n/);

  const nobody = await accessView(archive, "o'brien\\", start, start + 7 * day, 'UTC');
  assert.deepEqual(nobody, {
    ...{ user: "o'brien\\", zone: 'UTC' },
    facts: {
      ...{ accesses: 0, failed: 0, days: 0, hours: 0, sessions: 0, medianGapH: null, addresses: 0 },
      ...{ firstAt: null, lastAt: null },
    },
    ...{ week: [], applications: [], machines: [], transitions: [], jobs: [] },
  });
});

test('accessView tells what stood at its end, nothing of what was erased, and hours by the wall', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const batch = archive.newBatch('test');
  let offset = 0;
  const login = { user: 'ada', kind: 'login', vm: 'build-7', application: 'sshd', vmState: null, scheduledFor: null };
  const add = (record: Partial<AccessTelemetry>) =>
    batch.add(messageOf('telemetry.access', offset++), {
      ...{ ...login, time: start, durationMs: null, address: null, succeeded: true, clock: null },
      ...record,
    });
  // One hour on the wall of Kolkata, two by UTC
  add({ time: start + 3 * hour + 40 * minute });
  add({ time: start + 4 * hour + 10 * minute });
  for (const vm of ['old-1', 'new-1', 'x/y']) add({ vm, time: start + day });
  const told = { user: '', kind: 'vmState', application: null } as const;
  add({ ...told, vmState: 'running', time: start - 30 * day });
  add({ ...told, vmState: 'archived', time: start + 8 * day });
  add({ ...told, vm: 'old-1', vmState: 'running', time: start - 91 * day });
  const provision = (user: string, vm: string, record: object | null) =>
    batch.add(
      messageOf('provisions', offset++, { key: Buffer.from(`${user}/${vm}`) }),
      record && { ...blankProvision({ user, vm }, start, 'test'), ...record },
    );
  const prepared = { state: 'preProvisioned', probability: 0.9, predictedAt: start };
  provision('ada', 'build-7', prepared);
  // Its chance goes with its own time, which nobody foresaw
  provision('ada', 'build-7', { ...prepared, probability: 0.5, predictedAt: null });
  provision('ada/x', 'y', prepared);
  for (const vm of ['old-1', 'new-1']) {
    provision('ada', vm, prepared);
    provision('ada', vm, null);
  }
  provision('ada', 'new-1', { state: 'delivered' });
  await archive.insert(batch);

  const { week, machines } = await accessView(archive, 'ada', start, start + 7 * day, 'Asia/Kolkata');
  assert.deepEqual(
    week.map(({ weekday, hour: at, active }) => [weekday, at, active]),
    [
      [6, 9, 1],
      [7, 5, 1],
    ],
  );
  assert.deepEqual(
    machines
      .map(({ vm, state, stands, probability, predictedAt }) => [vm, state, stands, probability, predictedAt])
      .sort(),
    [
      ['build-7', 'running', 'preProvisioned', 0.5, null],
      ['new-1', null, 'delivered', null, null],
      ['old-1', null, null, null, null],
      ['x/y', null, null, null, null],
    ],
  );
});
