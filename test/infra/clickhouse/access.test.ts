import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archiveAccesses } from '../../../infra/clickhouse/access.ts';
import { type PairEvent, pairOf } from '../../../models/access/population.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive, rowsOf } from './support.ts';

const hour = 491_000;
const at = (hours: number): number => (hour + hours) * 3_600_000;

test('archiveAccesses() gives training what was archived: accesses, jobs, and a machine’s states to its users', async (t) => {
  const archive = await preparedArchive(t, (await clickHouse(t)).url);
  const rows = archive.newBatch('test');
  const blank = {
    user: 'ada',
    kind: 'vmAccess',
    vm: 'build-7' as string | null,
    application: null,
    vmState: null as string | null,
    scheduledFor: null as number | null,
    durationMs: null as number | null,
    address: null,
    succeeded: true,
    clock: null as object | null,
  };
  const records = [
    { ...blank, time: at(0) + 5, durationMs: 1000 },
    { ...blank, time: at(0) + 9 },
    { ...blank, time: at(2), user: 'bob', vm: null, kind: 'login' },
    { ...blank, time: at(3), succeeded: false },
    { ...blank, time: at(4), user: '', kind: 'vmState', vmState: 'stopped' },
    { ...blank, time: at(5), kind: 'scheduledJob', scheduledFor: at(9) },
    {
      ...blank,
      time: 0,
      user: '',
      kind: 'unknown',
      vm: null,
      clock: { time: at(5), controlOffset: 1, scoresOffset: 2 },
    },
    { ...blank, time: at(50) },
  ];
  records.forEach((record, offset) => {
    rows.add(messageOf('telemetry.access', offset), record);
  });
  await archive.insert(rows);
  const source = archiveAccesses(archive);
  const range = { fromMs: at(-1), toMs: at(10) };
  const active: [string, number][] = [];
  await source.activity(range, (pair, found) => active.push([pair, found]));
  assert.deepEqual(
    active.sort(([, a], [, b]) => a - b),
    [
      [pairOf('ada', 'build-7'), hour],
      ['bob', hour + 2],
    ],
  );
  const events: PairEvent[] = [];
  await source.events(range, new Set([pairOf('ada', 'build-7')]), (event) => events.push(event));
  events.sort((a, b) => a.event.timeMs - b.event.timeMs);
  assert.deepEqual(
    events.map(({ event }) => [event.kind, event.timeMs]),
    [
      ['access', at(0) + 5],
      ['access', at(0) + 9],
      ['end', at(0) + 1005],
      ['vmState', at(4)],
      ['scheduled', at(5)],
    ],
  );
  assert.ok(events.every(({ pair }) => pair === pairOf('ada', 'build-7')));
  const clocks = await rowsOf(archive, 'SELECT control_offset, scores_offset FROM telemetry_access_clock');
  assert.equal(JSON.stringify(clocks).match(/\d+/g)?.join(), '1,2');
});
