import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRiskEngine, type Person } from '../../../models/biometric/index.ts';
import { logTimings } from '../../../models/biometric/keystrokes.ts';
import { decodePerson, encodePerson } from '../../../models/biometric/personFile.ts';
import { mouseVerifier, statisticalVerifier } from '../../../models/biometric/statistical.ts';
import type { Verifier } from '../../../models/biometric/verifier.ts';
import { createRandom } from '../../../models/training/random.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { inventedTyping } from './people.ts';

const { timings, typists } = inventedTyping(4, 200, 11);
const logs = typists.map(({ seconds }) => logTimings(seconds, timings));
const samples = (person: number, from: number, before: number): Float64Array[] =>
  Array.from({ length: before - from }, (_, i) =>
    logs[person]!.subarray((from + i) * timings, (from + i + 1) * timings),
  );
const keystrokes = (person: number, from: number, before: number) =>
  new Map([['keystroke', samples(person, from, before)]]);
const hours = 3_600_000;

test('a risk engine grants owners long lives, impostors short ones', async () => {
  const engine = createRiskEngine();
  const person = engine.enrol(keystrokes(0, 0, 100));
  const own = await engine.assess(person, keystrokes(0, 100, 103));
  assert.equal(own.reason, 'assessed');
  assert.ok(own.risk <= 0.2, `${own.risk}`);
  assert.equal(own.lifespanMs, 24 * hours);
  const foreign = await engine.assess(person, keystrokes(1, 0, 3));
  assert.ok(foreign.risk > 0.8, `${foreign.risk}`);
  assert.equal(foreign.lifespanMs, 300_000);
  assert.equal(foreign.learnable, false);
  assert.equal(engine.learn(person, keystrokes(1, 0, 3), foreign), person);
});

test('a risk engine grants a stated lifespan while it learns, and the shortest where there is nothing to compare', async () => {
  const engine = createRiskEngine({ enrolment: 20, learningLifespanMs: 2 * hours });
  for (const known of [undefined, new Map(), engine.enrol(keystrokes(0, 0, 19))]) {
    const { reason, lifespanMs, risk } = await engine.assess(known, keystrokes(0, 100, 101));
    assert.deepEqual({ reason, lifespanMs, risk }, { reason: 'learning', lifespanMs: 2 * hours, risk: 1 });
  }
  const person = engine.enrol(keystrokes(0, 0, 20));
  const broken = samples(0, 100, 101)[0]!.slice();
  broken[3] = Number.NaN;
  for (const behaviour of [
    new Map(),
    new Map([['mouse', samples(0, 100, 101)]]),
    new Map([['keystroke', []]]),
    new Map([['keystroke', [Float64Array.of(1, 2)]]]),
    new Map([['keystroke', [broken]]]),
  ]) {
    const { reason, lifespanMs, missing } = await engine.assess(person, behaviour);
    assert.deepEqual(
      { reason, lifespanMs, missing },
      { reason: 'unseen', lifespanMs: 300_000, missing: ['keystroke.statistical'] },
    );
  }
});

test('an anchored baseline learns from its owner, and not what its anchor does not know', async () => {
  const engine = createRiskEngine();
  let person: Person = engine.enrol(keystrokes(0, 0, 100));
  for (let at = 100; at < 140; at++) {
    const behaviour = keystrokes(0, at, at + 1);
    person = engine.learn(person, behaviour, await engine.assess(person, behaviour));
  }
  const learned = person.get('keystroke')!.learned;
  assert.ok(learned > 25, `${learned}`);
  assert.equal(person.get('keystroke')!.anchor.length, 100 * timings);
  // Somebody whose way crept into the recent template entirely: the anchor still speaks against them
  const crept: Person = new Map([
    ['keystroke', { ...person.get('keystroke')!, recent: Float32Array.from(logs[2]!.subarray(0, 100 * timings)) }],
  ]);
  const { risk, guarded } = await engine.assess(crept, keystrokes(2, 100, 103));
  assert.ok(guarded!.byRecent < 0.2 && guarded!.byAnchor > 0.8 && risk === guarded!.byAnchor);
  // Strong authentication lays the anchor anew
  const anew = engine.enrol(keystrokes(2, 0, 100), crept);
  assert.ok((await engine.assess(anew, keystrokes(2, 100, 103))).risk < 0.2);
});

test('a risk engine joins verifiers by weight, and goes on without those that have nothing to look at', async () => {
  const scrolling: Verifier = { name: 'scroll', modality: 'scroll', logOdds: () => 6 };
  const engine = createRiskEngine({
    verifiers: [statisticalVerifier, scrolling],
    weights: { 'keystroke.statistical': 1, scroll: 3 },
  });
  const scroll = Array.from({ length: 10 }, () => Float64Array.of(1));
  const person = engine.enrol(new Map([...keystrokes(0, 0, 100), ['scroll', scroll]]));
  const both = await engine.assess(person, new Map([...keystrokes(0, 100, 103), ['scroll', scroll]]));
  assert.deepEqual(both.shares, { 'keystroke.statistical': 0.25, scroll: 0.75 });
  assert.ok(both.risk > 0.8);
  const one = await engine.assess(person, keystrokes(0, 100, 103));
  assert.deepEqual(one.missing, ['scroll']);
  assert.ok(one.risk < 0.2);
  assert.throws(
    () => createRiskEngine({ weights: {} }),
    (error) => isEbbtideError(error, 'CONFIG_INVALID'),
  );
});

test('a risk engine demands a step-up above a threshold, and never unless it is told to', async () => {
  const engine = createRiskEngine({ stepUpAbove: 0.5 });
  const person = engine.enrol(keystrokes(0, 0, 100));
  assert.equal((await engine.assess(person, keystrokes(0, 100, 103))).stepUp, false);
  assert.equal((await engine.assess(person, keystrokes(1, 0, 3))).stepUp, true);
  assert.equal((await engine.assess(undefined, keystrokes(0, 100, 103))).stepUp, true);
  assert.equal((await createRiskEngine().assess(person, keystrokes(1, 0, 3))).stepUp, false);
});

test('a person’s baselines come back from bytes as they were; damaged ones are refused', async () => {
  const engine = createRiskEngine();
  const enrolled = engine.enrol(keystrokes(0, 0, 100));
  const used = engine.learn(enrolled, keystrokes(0, 100, 101), {
    ...(await engine.assess(enrolled, keystrokes(0, 100, 101))),
    learnable: true,
  });
  for (const person of [enrolled, used]) {
    const bytes = encodePerson(person);
    const back = decodePerson(bytes);
    assert.deepEqual(back, person);
    const { recent, anchor } = back.get('keystroke')!;
    assert.equal(recent === anchor, person === enrolled);
    for (const damaged of [bytes.subarray(0, -1), bytes.subarray(9), Buffer.alloc(0)])
      assert.throws(
        () => decodePerson(damaged),
        (error) => isEbbtideError(error, 'STATE_CORRUPT'),
      );
    const text = bytes.toString('latin1');
    for (const [from, to, code] of [
      ['"version":2', '"version":3', 'SCHEMA_INCOMPATIBLE'],
      ['"features":31', '"features":30', 'STATE_CORRUPT'],
      ['"anchor":', '"anchor":1', 'STATE_CORRUPT'],
    ] as const) {
      assert.ok(text.includes(from), from);
      const foreign = Buffer.from(text.replace(from, to), 'latin1');
      assert.throws(
        () => decodePerson(foreign),
        (error) => isEbbtideError(error, code),
        to,
      );
    }
  }
});

test('mouse actions count from five on, and join keystrokes', async () => {
  const random = createRandom(4);
  const actions = (count: number, at: number) =>
    Array.from({ length: count }, () => Float64Array.from({ length: 28 }, () => at + random.normal()));
  const engine = createRiskEngine({ verifiers: [statisticalVerifier, mouseVerifier] });
  const person = engine.enrol(new Map([...keystrokes(0, 0, 100), ['mouse', actions(100, 0)]]));
  const assess = (count: number, at: number) =>
    engine.assess(person, new Map([...keystrokes(0, 100, 103), ['mouse', actions(count, at)]]));
  assert.deepEqual((await assess(4, 0)).missing, ['mouse.statistical']);
  const [own, foreign] = [await assess(20, 0), await assess(20, 3)];
  assert.deepEqual(own.missing, []);
  assert.ok(foreign.risk > own.risk + 0.1, `${own.risk} and ${foreign.risk}`);
});

test('a recording played again with noise is no owner', async () => {
  const engine = createRiskEngine();
  const person = engine.enrol(keystrokes(0, 0, 100));
  const random = createRandom(8);
  const played = samples(0, 42, 43)[0]!.map((it) => it + 0.02 * random.normal());
  const { reason, risk, lifespanMs, learnable } = await engine.assess(person, new Map([['keystroke', [played]]]));
  assert.deepEqual(
    { reason, risk, lifespanMs, learnable },
    { reason: 'replayed', risk: 1, lifespanMs: 300_000, learnable: false },
  );
  for (let at = 100; at < 200; at++)
    assert.equal((await engine.assess(person, keystrokes(0, at, at + 1))).reason, 'assessed');
});
