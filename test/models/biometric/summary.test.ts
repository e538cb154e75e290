import assert from 'node:assert/strict';
import { test } from 'node:test';
import { behaviourChecks, behaviourOf } from '../../../models/biometric/bursts.ts';
import { createRiskEngine, type Person } from '../../../models/biometric/index.ts';
import { logTimings } from '../../../models/biometric/keystrokes.ts';
import { decodePerson, encodePerson } from '../../../models/biometric/personFile.ts';
import { statisticalVerifier } from '../../../models/biometric/statistical.ts';
import {
  summaryDistance,
  summaryVerifiers,
  surestUncalibrated,
  uncalibratedOf,
} from '../../../models/biometric/summary.ts';
import { makeTemplate } from '../../../models/biometric/template.ts';
import type { Behaviour } from '../../../models/biometric/verifier.ts';
import { inventedTyping } from './people.ts';
import { type Way, wayOf } from './ways.ts';

const hour = 3_600_000;
const acts = { typing: 'typing', scrolling: 'scroll', gesture: 'touch', attention: 'application' } as const;
type Act = keyof typeof acts;
const of = (way: Way, act: Act, count: number): Behaviour =>
  behaviourOf(Array.from({ length: count }, () => ({ specification: act, features: way[act]() })));
const all = (way: Way, count: number): Behaviour =>
  new Map(Object.keys(acts).flatMap((act) => [...of(way, act as Act, count)]));
const weights = {
  'keystroke.statistical': 1,
  'typing.statistical': 0.25,
  'touch.statistical': 0.25,
  'scroll.statistical': 0.25,
  'application.statistical': 0.1,
};
const engine = createRiskEngine({ verifiers: [statisticalVerifier, ...summaryVerifiers], weights });
const { timings, typists } = inventedTyping(1, 300, 11);
const phrases = (from: number, before: number): Behaviour => {
  const logs = logTimings(typists[0]!.seconds, timings);
  const one = (i: number) => logs.subarray((from + i) * timings, (from + i + 1) * timings);
  return new Map([['keystroke', Array.from({ length: before - from }, (_, i) => one(i))]]);
};
const mean = (values: readonly number[]): number => values.reduce((sum, it) => sum + it, 0) / values.length;

for (const act of Object.keys(acts) as Act[])
  test(`${act} tells invented people apart: their own way is of less risk than that of others`, async () => {
    const modality = acts[act];
    const owners = Array.from({ length: 8 }, (_, i) => wayOf(i + 1));
    const persons = owners.map((way) => engine.enrol(of(way, act, 40)));
    const risks = { own: [] as number[], foreign: [] as number[] };
    for (const [i, person] of persons.entries())
      for (const [j, way] of owners.entries()) {
        const { risk, reason, parts } = await engine.assess(person, of(way, act, 10));
        assert.equal(reason, 'assessed');
        assert.deepEqual(Object.keys(parts), [`${modality}.statistical`]);
        risks[i === j ? 'own' : 'foreign'].push(risk);
      }
    assert.ok(mean(risks.own) < mean(risks.foreign) - 0.15, `${mean(risks.own)} and ${mean(risks.foreign)}`);
    assert.ok(mean(risks.own) < 0.5, `${mean(risks.own)}`);
  });

test('what nobody has calibrated earns no more than the unknown get, and takes no key down to the shortest life', async () => {
  const [owner, other] = [wayOf(1), wayOf(2)];
  const person = engine.enrol(all(owner, 60));
  for (const way of [owner, other]) {
    const { risk, lifespanMs, learnable } = await engine.assess(person, all(way, 20));
    assert.ok(risk > 0.2 && risk < 0.8, `${risk}`);
    assert.equal(lifespanMs, hour);
    assert.equal(learnable, false);
  }
});

test('each of them alone, whatever its weight, grants no more than the conservative lifespan', async () => {
  for (const act of Object.keys(acts) as Act[])
    for (const learningLifespanMs of [hour, 600_000]) {
      const [own] = summaryVerifiers.filter(({ modality }) => modality === acts[act]);
      const heavy = createRiskEngine({
        verifiers: [statisticalVerifier, ...summaryVerifiers],
        weights: { ...weights, [own!.name]: 1_000 },
        learningLifespanMs,
      });
      const owner = wayOf(5);
      const known = new Map([...heavy.enrol(phrases(0, 100)), ...heavy.enrol(of(owner, act, 60))]);
      const assessment = await heavy.assess(known, of(owner, act, 20));
      assert.equal(assessment.reason, 'assessed');
      assert.deepEqual(Object.keys(assessment.parts), [own!.name]);
      assert.deepEqual(uncalibratedOf(Object.keys(assessment.parts)), [own!.name]);
      assert.ok(assessment.lifespanMs <= learningLifespanMs, `${act}: ${assessment.lifespanMs}`);
      assert.equal(assessment.learnable, false);
    }
  assert.deepEqual(uncalibratedOf(['keystroke.statistical', 'mouse.statistical', 'keystroke.comparator']), []);
});

test('however sure all of them are together, they turn around nothing that a phrase is sure of', async () => {
  const person = new Map([...engine.enrol(phrases(0, 100)), ...engine.enrol(all(wayOf(1), 60))]);
  const sureOf = (logOdds: number) =>
    createRiskEngine({
      weights,
      verifiers: summaryVerifiers
        .map((verifier) => ({ ...verifier, logOdds: () => logOdds }))
        .concat({
          ...statisticalVerifier,
          partial: false,
          uncalibrated: false,
          kept: 200,
          logOdds: () => -6 * Math.sign(logOdds),
        }),
    });
  const behaviour = new Map([...phrases(100, 103), ...all(wayOf(1), 10)]);
  const stranger = await sureOf(-surestUncalibrated).assess(person, behaviour);
  assert.ok(stranger.risk > 0.8 && stranger.lifespanMs === 300_000, `${stranger.risk}`);
  const owner = await sureOf(surestUncalibrated).assess(person, behaviour);
  assert.ok(owner.risk <= 0.2 && owner.lifespanMs === 24 * hour, `${owner.risk}`);
});

test('an impostor who blends in slowly moves what is learned, and never the anchor', async () => {
  const [owner, attacker] = [wayOf(1), wayOf(4)];
  const act: Act = 'typing';
  let person: Person = new Map([...engine.enrol(phrases(0, 100)), ...engine.enrol(of(owner, act, 60))]);
  const anchor = person.get('typing')!.anchor;
  const riskOf = async (way: Way) => (await engine.assess(person, of(way, act, 10))).risk;
  const before = await riskOf(attacker);
  // The owner types the phrase each time, and the stretches beside it turn from theirs into the attacker's
  const attempts = 150;
  for (let i = 0; i < attempts; i++) {
    const [own, theirs] = [owner.typing(), attacker.typing()];
    const mixed = Object.entries(own).map(([name, value]) => [
      name,
      value + ((theirs[name] ?? value) - value) * (i / attempts),
    ]);
    const stretch = behaviourOf([{ specification: act, features: Object.fromEntries(mixed) }]);
    const behaviour = new Map([...phrases(100 + i, 101 + i), ...stretch]);
    person = engine.learn(person, behaviour, await engine.assess(person, behaviour));
  }
  assert.ok(person.get('typing')!.learned > 20, 'it does learn');
  assert.equal(person.get('typing')!.anchor, anchor);
  const after = await riskOf(attacker);
  assert.ok(after >= before - 0.15, `${before} and ${after}`);
  // Nor does any phrase have a way learned that the anchor does not know
  const foreign = new Map([...phrases(280, 283), ...of(attacker, act, 10)]);
  const assessment = await engine.assess(person, foreign);
  const learned = engine.learn(person, foreign, { ...assessment, learnable: true });
  assert.ok(!assessment.known.includes('typing'));
  assert.equal(learned.get('typing'), person.get('typing'));
  assert.notEqual(learned.get('keystroke'), person.get('keystroke'));
});

test('what a stretch lacks is passed over; what shares too little with a person says nothing', async () => {
  const template = makeTemplate(Float64Array.of(0, 1, Number.NaN, 0, 1, Number.NaN), 3, {
    rows: 60,
    memory: 25,
    scaleFloor: 0.001,
    partial: true,
  });
  assert.ok(Number.isNaN(template.median[2]));
  const { NaN: none } = Number;
  assert.equal(summaryDistance(template, Float64Array.of(0, none, 5)), 0);
  assert.ok(summaryDistance(template, Float64Array.of(0.1, 1, none)) > 0);
  assert.ok(Number.isNaN(summaryDistance(template, Float64Array.of(none, none, 1))));
  const person = engine.enrol(of(wayOf(1), 'typing', 20));
  const empty = await engine.assess(person, new Map([['typing', [new Float64Array(22).fill(none)]]]));
  assert.equal(empty.reason, 'unseen');
  const whole = await engine.assess(
    person,
    new Map([['typing', [new Float64Array(22).fill(Number.POSITIVE_INFINITY)]]]),
  );
  assert.equal(whole.reason, 'unseen');
});

test('what is kept of a person is bounded, and comes back from bytes as it was', () => {
  const way = wayOf(3);
  const person = engine.enrol(all(way, 400));
  const rows = Object.fromEntries([...person].map(([name, { anchor, features }]) => [name, anchor.length / features]));
  assert.deepEqual(rows, { typing: 60, scroll: 60, touch: 100, application: 60 });
  const bytes = encodePerson(person);
  assert.ok(bytes.length < 20_000, `${bytes.length}`);
  assert.deepEqual(decodePerson(bytes), person);
});

test('no invented person has a fault; scripts do', () => {
  for (let seed = 1; seed <= 20; seed++)
    for (const act of Object.keys(acts) as Act[])
      for (let i = 0; i < 50; i++) {
        const features = wayOf(seed)[act]();
        assert.deepEqual(behaviourChecks[act].faults(features), [], `${act} ${JSON.stringify(features)}`);
      }
  const { typing, scrolling, gesture, attention } = wayOf(1);
  const faultsOf = (act: Act, features: Record<string, number>) => behaviourChecks[act].faults(features);
  assert.deepEqual(faultsOf('typing', { ...typing(), rate: 60 }), ['tooFast']);
  assert.deepEqual(faultsOf('typing', { ...typing(), 'hold.letter': 9 }), ['impossible']);
  assert.deepEqual(faultsOf('typing', { ...typing(), 'hold.spread': 0, 'downDown.spread': 0 }), ['constant']);
  assert.deepEqual(faultsOf('typing', { ...typing(), edits: Number.NaN }), ['impossible']);
  assert.deepEqual(faultsOf('scrolling', { ...scrolling(), 'speed.sd': 0 }), ['constant']);
  assert.deepEqual(faultsOf('scrolling', { duration: 1 }), ['impossible']);
  assert.deepEqual(faultsOf('scrolling', { ...scrolling(), turns: 500 }), ['impossible']);
  assert.deepEqual(faultsOf('gesture', { ...gesture(), 'speed.max': 20 }), ['tooFast']);
  assert.deepEqual(faultsOf('attention', { ...attention(), visible: 2 }), ['impossible']);
  assert.deepEqual(faultsOf('attention', { ...attention(), switches: 900 }), ['tooFast']);
});
