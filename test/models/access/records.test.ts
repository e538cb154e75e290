import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairOf } from '../../../models/access/population.ts';
import { type AccessRecord, machineEvent, pairEvents } from '../../../models/access/records.ts';

const record = (change: Partial<AccessRecord>): AccessRecord => ({
  user: 'ada',
  kind: 'vmAccess',
  time: 1000,
  vm: 'build-7',
  vmState: null,
  scheduledFor: null,
  durationMs: null,
  succeeded: true,
  ...change,
});

test('pairEvents() maps what concerns a pair, and leaves out what failed', () => {
  const pair = pairOf('ada', 'build-7');
  assert.deepEqual(pairEvents(record({})), [{ pair, event: { kind: 'access', timeMs: 1000, lasts: false } }]);
  assert.deepEqual(pairEvents(record({ durationMs: 500 })), [
    { pair, event: { kind: 'access', timeMs: 1000, lasts: true } },
    { pair, event: { kind: 'end', timeMs: 1500 } },
  ]);
  assert.deepEqual(pairEvents(record({ kind: 'scheduledJob', scheduledFor: 9000 })), [
    { pair, event: { kind: 'scheduled', timeMs: 1000, dueMs: 9000 } },
  ]);
  assert.deepEqual(pairEvents(record({ kind: 'login', vm: null }))[0]!.pair, 'ada');
  assert.deepEqual(pairEvents(record({ succeeded: false })), []);
  assert.deepEqual(pairEvents(record({ user: '' })), []);
  assert.deepEqual(pairEvents(record({ kind: 'unknown' })), []);
});

test('machineEvent() knows the states of a machine, and no others', () => {
  const stopped = record({ user: '', kind: 'vmState', vmState: 'stopped' });
  assert.deepEqual(machineEvent(stopped), { kind: 'vmState', timeMs: 1000, state: 'stopped' });
  assert.equal(machineEvent(record({ kind: 'vmState', vmState: 'exploded' })), undefined);
  assert.equal(machineEvent(record({})), undefined);
});
