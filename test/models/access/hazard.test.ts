import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chanceWithin, hazardBins, quantileOf, survivalAt, survivalOf } from '../../../models/access/hazard.ts';
import { bent } from '../../../models/access/join.ts';
import { fitPlatt, logit, sigmoid } from '../../../models/access/platt.ts';
import { likeliestReturn, returnBins, returnEdges } from '../../../models/access/returns.ts';
import { createRandom } from '../../../models/training/random.ts';

const near = (actual: number, expected: number, within = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} instead of ${expected}`);

test('survivalOf() multiplies what each bin leaves; windows and quantiles follow from it', () => {
  // One in two in each of the first two hours, then nothing
  const survival = survivalOf([0, 0, ...Array(hazardBins - 2).fill(-40)]);
  near(survivalAt(survival, 1), 0.5);
  near(survivalAt(survival, 2), 0.25);
  near(survivalAt(survival, 0.5), Math.SQRT1_2);
  near(chanceWithin(survival, 1, 2), 0.25);
  near(survivalAt(survival, 1000), 0.25, 1e-6);
  near(quantileOf(survival, 0.5), 1);
  near(quantileOf(survival, 0.75), 2, 1e-6);
  assert.equal(quantileOf(survival, 0.9), Number.POSITIVE_INFINITY);
});

test('bent() meets the chances of the hour and of the day, and never rises', () => {
  const survival = survivalOf(Array(hazardBins).fill(-2));
  const { within1h, within24h, survival: joined } = bent(survival, 0.3, 0.6);
  near(within1h, 0.3);
  near(1 - survivalAt(joined, 1), 0.3);
  near(1 - survivalAt(joined, 24), within24h);
  near(within24h, 0.6);
  for (let edge = 1; edge <= hazardBins; edge++) assert.ok(joined[edge]! <= joined[edge - 1]!);
  // A day cannot be less likely than its first hour
  near(bent(survival, 0.7, 0.6).within24h, 0.7);
});

test('fitPlatt() takes back what logits overstate', () => {
  const random = createRandom(5);
  const truth = Array.from({ length: 20_000 }, () => 2 * random.normal() - 1);
  const outcomes = truth.map((z) => (random.next() < sigmoid(z) ? 1 : 0));
  const { slope, offset } = fitPlatt(
    truth.map((z) => 2 * z + 1),
    outcomes,
  );
  near(slope, 0.5, 0.03);
  near(offset, -0.5, 0.05);
  near(sigmoid(logit(0.25)), 0.25);
});

test('likeliestReturn() is the middle of the stretch that holds most', () => {
  const chances = new Float64Array(returnBins);
  chances[returnEdges.indexOf(14)] = 0.4;
  chances[returnEdges.indexOf(15)] = 0.4;
  chances[0] = 0.2;
  near(likeliestReturn(chances, 1), 15);
});
