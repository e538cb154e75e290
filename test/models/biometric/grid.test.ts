import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { onGrid, packedLength, packRows, unpackRows } from '../../../models/biometric/grid.ts';
import { createRiskEngine, lifespanOf } from '../../../models/biometric/index.ts';
import { logTimings } from '../../../models/biometric/keystrokes.ts';
import { decodePerson, encodePerson } from '../../../models/biometric/personFile.ts';
import { statisticalVerifier } from '../../../models/biometric/statistical.ts';
import { makeTemplate } from '../../../models/biometric/template.ts';
import type { Typing } from '../../../models/biometric/typing.ts';
import { readCmu } from '../../../models/evaluation/biometric/cmuData.ts';
import { sha256 } from '../../../models/hash.ts';
import { createRandom } from '../../../models/training/random.ts';
import { sharedData } from '../../services/require.ts';
import { inventedTyping } from './people.ts';

test('packRows() gives numbers of the grid back as they were, whatever their size, and what is missing', () => {
  const random = createRandom(5);
  const rows = Float32Array.from({ length: 7 * 20 }, (_, i) =>
    i % 11 === 0 ? Number.NaN : onGrid(random.normal() * 10 ** (i % 7)),
  );
  rows[3] = onGrid(1e12);
  rows[4] = onGrid(-1e12);
  for (const features of [1, 7, 140]) {
    const packed = packRows(rows, features, 4096);
    assert.equal(packed.length, packedLength(rows.length / features, features));
    assert.deepEqual(unpackRows(packed, features, 4096), rows);
  }
  assert.ok(Object.is(onGrid(-1e-9), 0));
});

test('a baseline that was written as floats is read, and compares as before', async () => {
  const { timings, typists } = inventedTyping(2, 60, 11);
  const logs = Float64Array.from(Float32Array.from(logTimings(typists[0]!.seconds, timings)));
  const sample = (at: number) => logs.subarray(at * timings, (at + 1) * timings);
  const engine = createRiskEngine();
  const rows = Float32Array.from(logs.subarray(0, 50 * timings));
  const body = Buffer.from(rows.buffer);
  const modality = { name: 'keystroke', features: timings, anchor: rows.length, recent: 0, learned: 0 };
  const header = { version: 1, modalities: [modality], sha256: sha256(body) };
  const person = decodePerson(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]));
  const enrolled = engine.enrol(new Map([['keystroke', Array.from({ length: 50 }, (_, i) => sample(i))]]));
  assert.deepEqual(person, enrolled);
  assert.deepEqual(decodePerson(encodePerson(person)), person);
});

/** Risks of single attempts by a template of numbers as they were measured, and by a baseline that was written and read. */
const compared = async ({ timings, typists }: Typing, enrolled: number, foreign: number) => {
  const engine = createRiskEngine();
  let [attempts, otherwise, farthest, bytes] = [0, 0, 0, 0];
  const logs = typists.map(({ seconds }) => logTimings(seconds, timings));
  const samples = (person: number, from: number, before: number) =>
    Array.from({ length: before - from }, (_, i) =>
      logs[person]!.subarray((from + i) * timings, (from + i + 1) * timings),
    );
  for (const [owner, { repetitions }] of typists.entries()) {
    const exact = makeTemplate(logs[owner]!.subarray(0, enrolled * timings), timings);
    const laid = engine.enrol(new Map([['keystroke', samples(owner, 0, enrolled)]]));
    const written = encodePerson(laid);
    bytes += written.length;
    const person = decodePerson(written);
    const tried = [samples(owner, enrolled, repetitions)];
    for (const other of typists.keys()) if (other !== owner) tried.push(samples(other, 0, foreign));
    for (const sample of tried.flat()) {
      const behaviour = new Map([['keystroke', [sample]]]);
      const { reason, guarded } = await engine.assess(person, behaviour);
      if (reason !== 'assessed') continue;
      const kept = await engine.assess(laid, behaviour);
      assert.equal(guarded!.byRecent, kept.guarded!.byRecent, 'to the last bit, in memory and back from bytes');
      const risk = 1 / (1 + Math.exp(-(await statisticalVerifier.logOdds(exact, [sample]))));
      attempts++;
      farthest = Math.max(farthest, Math.abs(risk - guarded!.byRecent));
      if (lifespanOf(risk) !== lifespanOf(guarded!.byRecent)) otherwise++;
    }
  }
  return { attempts, otherwise, farthest, bytesPerPerson: bytes / typists.length };
};

test('what is kept on the grid compares as what was measured', async () => {
  const { attempts, otherwise, farthest } = await compared(inventedTyping(4, 120, 11), 100, 20);
  assert.ok(attempts > 200);
  assert.ok(farthest < 0.005, `${farthest}`);
  assert.ok(otherwise / attempts < 0.01, `${otherwise} of ${attempts}`);
});

const keystrokes = join(sharedData(), 'keystroke');
test('what is kept of real people on the grid grants them what it did, in less than half of the bytes', {
  skip: existsSync(keystrokes) ? false : `the data set is not in ${keystrokes}`,
}, async (t) => {
  const { attempts, otherwise, farthest, bytesPerPerson } = await compared(readCmu(keystrokes), 200, 5);
  t.diagnostic(JSON.stringify({ attempts, otherwise, farthest, bytesPerPerson }));
  assert.ok(farthest < 0.003, `${farthest}`);
  assert.ok(otherwise / attempts < 0.0003, `${otherwise} of ${attempts}`);
  assert.ok(bytesPerPerson < (4 * 31 * 200) / 2, `${bytesPerPerson}`);
});
