import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PhraseRecorder } from '../../../../infra/agents/browser/page/phrase.ts';
import { keysOf, timingNames } from '../../../../models/biometric/keystrokes.ts';

/** Type keys, each given as [id, down, up] in milliseconds. */
const typed = (keys: readonly (readonly [string, number, number])[]): PhraseRecorder => {
  const recorder = new PhraseRecorder();
  const events = keys.flatMap(([id, down, up]) => [
    { id, time: down, down: true },
    { id, time: up, down: false },
  ]);
  for (const { id, time, down } of events.sort((a, b) => a.time - b.time))
    if (down) recorder.down(id, time, false);
    else recorder.up(id, time);
  return recorder;
};

test('a phrase has timings by place, in the order of the models, keys that overlap included', () => {
  const features = typed([
    ['KeyA', 0, 120],
    ['KeyB', 100, 190],
    ['KeyA', 250, 330.04],
  ]).finish()!;
  assert.deepEqual(features, {
    'hold.0': 0.12,
    'downDown.1': 0.1,
    'upDown.1': -0.02,
    'hold.1': 0.09,
    'downDown.2': 0.15,
    'upDown.2': 0.06,
    'hold.2': 0.08,
  });
  assert.deepEqual(Object.keys(features).sort(), [...timingNames(keysOf(7))].sort());
});

test('a phrase that was edited, repeated, cut short or left with a key down has no sample, and the next one has', () => {
  const three = [
    ['a', 0, 50],
    ['b', 100, 150],
    ['c', 200, 250],
  ] as const;
  const spoiled = typed(three);
  spoiled.spoil();
  assert.equal(spoiled.finish(), undefined);
  for (const [id, down, up] of three) {
    spoiled.down(id, down, false);
    spoiled.up(id, up);
  }
  assert.ok(spoiled.finish());
  const repeated = typed(three);
  repeated.down('d', 300, true);
  assert.equal(repeated.finish(), undefined);
  const held = typed(three);
  held.down('d', 300, false);
  assert.equal(held.finish(), undefined);
  assert.equal(typed(three.slice(0, 2)).finish(), undefined);
});
