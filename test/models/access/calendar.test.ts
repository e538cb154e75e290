import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarOf } from '../../../models/access/calendar.ts';

const at = (zone: string, iso: string) => calendarOf(zone).at(Date.parse(iso));

test('calendarOf() follows daylight saving: an hour that is skipped, and one that comes twice', () => {
  const berlin = 'Europe/Berlin';
  // 2026-03-29: 02:00 becomes 03:00
  assert.equal(at(berlin, '2026-03-29T00:59:59Z').hour, 1);
  assert.deepEqual(at(berlin, '2026-03-29T01:00:00Z'), { hour: 3, weekday: 0 });
  // 2026-10-25: 03:00 becomes 02:00
  assert.equal(at(berlin, '2026-10-25T00:30:00Z').hour, 2);
  assert.equal(at(berlin, '2026-10-25T01:30:00Z').hour, 2);
  assert.equal(at(berlin, '2026-10-25T02:30:00Z').hour, 3);
});

test('calendarOf() knows zones that are ahead by part of an hour, days that differ from UTC, and times before 1970', () => {
  assert.deepEqual(at('Asia/Kathmandu', '2026-01-01T18:15:00Z'), { hour: 0, weekday: 5 });
  assert.deepEqual(at('America/Los_Angeles', '2026-01-01T07:59:00Z'), { hour: 23, weekday: 3 });
  // Lord Howe moves its clocks by half an hour
  assert.equal(at('Australia/Lord_Howe', '2026-04-04T15:15:00Z').hour, 1);
  assert.deepEqual(at('UTC', '1969-12-31T23:00:00Z'), { hour: 23, weekday: 3 });
});

test('calendarOf() gives the same whatever zone the machine is in', () => {
  const before = process.env.TZ;
  const seen = ['Asia/Tokyo', 'America/New_York'].map((zone) => {
    process.env.TZ = zone;
    return JSON.stringify(at('Europe/Berlin', '2026-07-01T12:00:00Z'));
  });
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
  assert.deepEqual(seen, Array(2).fill('{"hour":14,"weekday":3}'));
});

test('calendarOf() refuses a zone that there is not', () => {
  assert.throws(() => calendarOf('Mars/Olympus'), /Time zone Mars\/Olympus is not known; name one/);
});
