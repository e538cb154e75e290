import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { logTimings } from '../../../models/biometric/keystrokes.ts';
import { actionFeatures, movementNames } from '../../../models/biometric/mouse/movement.ts';
import { movementFaults, phraseFaults, phraseFingerprint } from '../../../models/biometric/plausible.ts';
import { isCopy } from '../../../models/biometric/statistical.ts';
import { makeTemplate } from '../../../models/biometric/template.ts';
import { readCmu } from '../../../models/evaluation/biometric/cmuData.ts';
import { createRandom } from '../../../models/training/random.ts';
import { sharedData } from '../../services/require.ts';
import { inventedTyping } from './people.ts';

const { timings, typists } = inventedTyping(3, 20, 8);
const phrase = typists[0]!.seconds.subarray(0, timings);
const changed = (change: (value: number, i: number) => number): Float64Array => phrase.map(change);

test('phraseFaults() finds nothing in what people typed', () => {
  for (const { seconds } of typists)
    for (let i = 0; i < 20; i++) assert.deepEqual(phraseFaults(seconds.subarray(i * timings, (i + 1) * timings)), []);
});

const keystrokes = join(sharedData(), 'keystroke');
test('phraseFaults() finds nothing in 20,400 phrases of real people, and none is typed twice', {
  skip: existsSync(keystrokes) ? false : `the data set is not in ${keystrokes}`,
}, () => {
  const data = readCmu(keystrokes);
  const seen = new Set<string>();
  for (const person of data.typists.keys())
    for (let i = 0; i < 400; i++) {
      assert.deepEqual(phraseFaults(data.seconds(person, i)), []);
      seen.add(phraseFingerprint(data.seconds(person, i)));
    }
  assert.equal(seen.size, 51 * 400);
});

test('phraseFaults() finds what no person types', () => {
  const even = (_: number, i: number) => (i % 3 === 0 ? 0.1 : i % 3 === 1 ? 0.18 : 0.08);
  assert.deepEqual(phraseFaults(changed(even)), ['constant']);
  assert.deepEqual(phraseFaults(changed((value) => value / 20)), ['tooFast']);
  assert.ok(phraseFaults(changed((value, i) => (i % 3 === 1 ? -value : value))).includes('impossible'));
  assert.ok(phraseFaults(changed((value, i) => (i === 0 ? 12 : value))).includes('impossible'));
  assert.deepEqual(phraseFaults(changed((value, i) => (i === 2 ? value + 0.01 : value))), ['inconsistent']);
  assert.deepEqual(phraseFaults(changed(() => Number.NaN)), ['impossible']);
});

test('movementFaults() finds a script’s straight and even line, and a jump no hand makes', () => {
  const moved = (at: (i: number) => readonly [number, number, number]) => {
    const action = Array.from({ length: 20 }, (_, i) => {
      const [time, x, y] = at(i);
      return { time, x, y, released: false };
    });
    const values = actionFeatures(action);
    return Object.fromEntries(movementNames.map((name, i) => [name, values[i]!]));
  };
  assert.deepEqual(movementFaults(moved((i) => [i * 0.016, i * 10, i * 5])), ['constant']);
  assert.deepEqual(movementFaults(moved((i) => [i * 0.016, 400 * Math.sin(i / 9), 90 * Math.sin(i / 5)])), []);
  assert.ok(movementFaults(moved((i) => [i * 0.002, (i % 2) * 3000, i])).includes('tooFast'));
  assert.deepEqual(movementFaults({}), ['impossible']);
  assert.deepEqual(movementFaults({ path: Number.NaN }), ['impossible']);
});

test('isCopy() takes no real phrase for a copy, and notices a copy with 5 ms of noise a key', {
  skip: existsSync(keystrokes) ? false : `the data set is not in ${keystrokes}`,
}, () => {
  const data = readCmu(keystrokes);
  const random = createRandom(2);
  for (const person of data.typists.keys()) {
    const template = makeTemplate(data.samples(person, 0, 200), data.timings);
    for (let i = 200; i < 400; i++) assert.equal(isCopy(template, data.sample(person, i)), false);
    const seconds = data.seconds(person, 77).slice();
    const noise = () => 0.005 * (2 * random.next() - 1);
    let [down, up] = [noise(), noise()];
    seconds[0]! += up - down;
    for (let i = 1; i < seconds.length; i += 3) {
      const [nextDown, nextUp] = [noise(), noise()];
      seconds[i]! += nextDown - down;
      seconds[i + 1]! += nextDown - up;
      seconds[i + 2]! += nextUp - nextDown;
      [down, up] = [nextDown, nextUp];
    }
    assert.equal(isCopy(template, logTimings(seconds, data.timings)), true, data.typists[person]!.name);
  }
});
