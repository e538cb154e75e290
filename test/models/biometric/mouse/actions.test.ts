import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutActions, type PointerEvent } from '../../../../models/biometric/mouse/actions.ts';
import { mouseFeatures } from '../../../../models/biometric/mouse/features.ts';
import { actionFeatures } from '../../../../models/biometric/mouse/movement.ts';

const event = (time: number, x: number, y = 0, released = false): PointerEvent => ({ time, x, y, released });
const line = (from: number, events: number): PointerEvent[] =>
  Array.from({ length: events }, (_, i) => event(from + i * 0.1, 10 * i));

test('cutActions() cuts at silences and where a button is let go of', () => {
  const actions = cutActions([...line(0, 5), ...line(2, 6), event(2.6, 60, 0, true), ...line(2.7, 4)]);
  assert.deepEqual(
    actions.map((action) => action.length),
    [5, 7, 4],
  );
});

test('cutActions() drops what is off every screen, moves nothing, or is too short', () => {
  const glitch = [event(0.05, 65535), event(0.15, Number.NaN)];
  const events = [...line(0, 4), ...glitch].sort((a, b) => a.time - b.time);
  assert.equal(cutActions(events)[0]!.length, 4);
  assert.deepEqual(cutActions(line(0, 3)), []);
  assert.deepEqual(cutActions([0, 1, 2, 3, 4].map((i) => event(i * 0.1, i))), []);
  assert.deepEqual(cutActions([0, 1, 2, 3, 4].map((i) => event(i * 0.1, 7))), []);
});

test('cutActions() takes the last of several events at one time: no speed is infinite', () => {
  const [action] = cutActions([...line(0, 4), event(0.3, 35), event(0.2, 500)]);
  assert.equal(action!.length, 4);
  assert.ok(actionFeatures(action!).every(Number.isFinite));
});

test('actionFeatures() of a straight even movement', () => {
  const features = actionFeatures(line(0, 6));
  const of = (name: string) => features[mouseFeatures.features.findIndex((it) => it.name === name)]!;
  assert.equal(features.length, mouseFeatures.size);
  assert.ok(Math.abs(of('path') - Math.log1p(50)) < 1e-9);
  assert.equal(of('straightness'), 1);
  assert.equal(of('direction.cos'), 1);
  assert.ok(Math.abs(of('speed.mean') - Math.log1p(100)) < 1e-6);
  assert.ok(of('speed.sd') < 1e-6 && of('turning') === 0 && of('deviation.max') === 0);
});
