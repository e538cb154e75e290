import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controls } from '../../../operators/actuate/controls.ts';
import { controlRecord, type Setting } from '../../../schemas/control.ts';

const rest = { by: 'ada', reason: 'test' };

test('on() must count what is on at a time: not what is off, has lapsed, was taken back or is of another kind', () => {
  const controls = new Controls();
  const set = (setting: Omit<Setting, 'by' | 'reason'>) => controls.apply(controlRecord({ ...setting, ...rest }, 0));
  set({ kind: 'killSwitch', value: true });
  set({ kind: 'killSwitch', pipeline: 'scope', value: false });
  set({ kind: 'killSwitch', pipeline: 'lifecycle', value: { on: true }, expiresAt: 100 });
  set({ kind: 'exemption', subject: 'cred-1', value: true });
  set({ kind: 'mode', value: 'shadow' });
  assert.deepEqual(
    [controls.on('killSwitch', 99), controls.on('killSwitch', 100), controls.on('exemption', 0)],
    [2, 1, 1],
  );
  controls.remove('killSwitch');
  assert.equal(controls.on('killSwitch', 100), 0);
});
