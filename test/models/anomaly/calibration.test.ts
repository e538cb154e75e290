import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrationSchema, fitCalibration, surprise } from '../../../models/anomaly/calibration.ts';
import { createRandom } from '../../../models/training/random.ts';

const random = createRandom(11);
const draw = (n: number, spread: number, seen: number, metrics: number) =>
  Array.from({ length: n }, () => ({ statistic: spread * random.normal(), seen, metrics }));
const energies = { residual: 1, level: 1 };

test('fitCalibration() promises false alarms that hold on fresh benign data', () => {
  const calibration = fitCalibration(draw(20_000, 1, 50, 12), energies);
  assert.ok(calibrationSchema.safeParse(calibration).success);
  const { of } = surprise(calibration);
  const fresh = draw(50_000, 1, 50, 12).map(({ statistic }) => of(statistic, 50, 12));
  for (const p of [0.1, 0.01, 0.001]) {
    const share = fresh.filter((value) => value >= -Math.log10(p)).length / fresh.length;
    // Beyond the last 2 % the tail is taken to be heavier than normal, which errs towards silence.
    assert.ok(share > p / 4 && share < p * 1.5, `${share} instead of ${p}`);
  }
});

test('fitCalibration() keeps classes apart by age and by number of metrics', () => {
  const samples = [...draw(5000, 3, 40, 12), ...draw(5000, 1, 500, 12), ...draw(5000, 6, 500, 2)];
  const { of } = surprise(fitCalibration(samples, energies));
  assert.ok(of(3, 500, 12) > of(3, 40, 12));
  assert.ok(of(3, 40, 12) > of(3, 500, 2));
});

test('surprise().of() never falls as the statistic rises, far into the tail, and is never infinite', () => {
  const { of } = surprise(fitCalibration(draw(3000, 1, 50, 12), energies));
  let last = 0;
  for (let statistic = -5; statistic < 200; statistic += 0.05) {
    const value = of(statistic, 50, 12);
    assert.ok(value >= last && Number.isFinite(value), `at ${statistic}`);
    last = value;
  }
});

test('fitCalibration() survives statistics that are all alike', () => {
  const samples = Array.from({ length: 500 }, () => ({ statistic: 0, seen: 50, metrics: 12 }));
  samples.push({ statistic: 1, seen: 50, metrics: 12 });
  const { of } = surprise(fitCalibration(samples, energies));
  assert.equal(of(0, 50, 12), 0);
  assert.ok(of(2, 50, 12) > 0);
});

/** Windows of a function's instances, as many of each. */
const ofFunction = (cohort: string, n: number, spread: number, instances = 20) =>
  draw(n, spread, 500, 12).map((it, i) => ({ ...it, member: { cohort, subject: `${cohort}-${i % instances}` } }));

test('fitCalibration() keeps functions apart, and takes everybody for one that is unknown or too small', () => {
  const calibration = fitCalibration(
    [...ofFunction('loud', 5000, 4), ...ofFunction('quiet', 5000, 0.5), ...ofFunction('rare', 90, 9)],
    energies,
  );
  assert.deepEqual(Object.keys(calibration.cohorts), ['loud', 'quiet']);
  assert.ok(calibrationSchema.safeParse(JSON.parse(JSON.stringify(calibration))).success);
  const { of: surpriseOf } = surprise(calibration);
  const everybody = surpriseOf(3, 500, 12);
  assert.ok(surpriseOf(3, 500, 12, 'quiet') > everybody + 0.5);
  assert.ok(surpriseOf(3, 500, 12, 'loud') < everybody);
  assert.equal(surpriseOf(3, 500, 12, 'rare'), everybody);
  assert.equal(surpriseOf(3, 500, 12, 'never seen'), everybody);
  // Of an age that the cohort has shown too little of, everybody stands in.
  assert.equal(surpriseOf(3, 40, 12, 'quiet'), surpriseOf(3, 40, 12));
  // Each keeps its own promise.
  for (const [cohort, spread] of [
    ['loud', 4],
    ['quiet', 0.5],
  ] as const) {
    const fresh = draw(20_000, spread, 500, 12).map(({ statistic }) => surpriseOf(statistic, 500, 12, cohort));
    const share = fresh.filter((value) => value >= 2).length / fresh.length;
    assert.ok(share > 0.01 / 1.5 && share < 0.01 * 1.5, `${cohort}: ${share}`);
  }
});

test('one instance alone, however long it lives, does not set the curve of its siblings', () => {
  const attacked = draw(40_000, 9, 500, 12).map((it) => ({ ...it, member: { cohort: 'web', subject: 'attacked' } }));
  const others = ofFunction('db', 20_000, 1);
  const [calm, mixed, few] = [
    fitCalibration([...ofFunction('web', 5000, 1), ...others], energies),
    fitCalibration([...ofFunction('web', 5000, 1), ...attacked, ...others], energies),
    fitCalibration([...ofFunction('web', 5000, 1, 3), ...attacked, ...others], energies),
  ];
  assert.deepEqual(Object.keys(few.cohorts), ['db'], 'four instances are no sample of a function');
  const samples = (calibration: typeof calm) => calibration.cohorts.web!.map((it) => it.samples);
  assert.deepEqual(samples(calm), [5000]);
  // A fifth of the curve at most: 5,000 windows of twenty instances, and 1,250 of the one
  assert.deepEqual(samples(mixed), [6250]);
  const [before, after, everybody] = [
    surprise(calm).of(1.5, 500, 12, 'web'),
    surprise(mixed).of(1.5, 500, 12, 'web'),
    surprise(mixed).of(1.5, 500, 12),
  ];
  assert.ok(after > before - 0.5 && after > everybody, `${before} without, ${after} with, everybody ${everybody}`);
});

test('a calibration without cohorts, as of older versions, is everybody’s', () => {
  const { cohorts: _, ...older } = fitCalibration(draw(3000, 1, 50, 12), energies);
  const calibration = calibrationSchema.parse(older);
  assert.equal(surprise(calibration).of(2, 50, 12, 'any'), surprise(calibration).of(2, 50, 12));
});
