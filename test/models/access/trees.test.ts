import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boost, treesLogit } from '../../../models/access/trees.ts';
import { createRandom } from '../../../models/training/random.ts';

const options = {
  trees: 120,
  learningRate: 0.1,
  leaves: 8,
  leafRows: 10,
  ridge: 1,
  rowShare: 0.8,
  featureShare: 0.8,
  seed: 3,
};

/** Rows whose outcome is an exclusive or of two features, which no single one tells; a third says nothing. */
const rows = (seed: number, count = 3000) => {
  const random = createRandom(seed);
  const x = new Float32Array(count * 3);
  const y = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < 3; i++) x[row * 3 + i] = random.next();
    y[row] = x[row * 3]! > 0.5 !== x[row * 3 + 1]! > 0.3 ? 1 : 0;
  }
  return { x, y, features: 3 };
};

test('boost() learns what only two features together tell', async () => {
  const trees = await boost(rows(1), options);
  const test = rows(2);
  let right = 0;
  for (let row = 0; row < test.y.length; row++)
    if (treesLogit(trees, test.x, row * 3) > 0 === (test.y[row] === 1)) right++;
  assert.ok(right / test.y.length > 0.97, `${right / test.y.length}`);
});

test('boost() gives the same trees for the same seed, and others for another', async () => {
  const first = JSON.stringify(await boost(rows(1), { ...options, trees: 5 }));
  assert.equal(JSON.stringify(await boost(rows(1), { ...options, trees: 5 })), first);
  assert.notEqual(JSON.stringify(await boost(rows(1), { ...options, trees: 5, seed: 4 })), first);
});

test('boost() stops where held-back rows are met worse, and keeps the best', async () => {
  const noise = rows(1);
  const random = createRandom(9);
  for (let row = 0; row < noise.y.length; row++) noise.y[row] = random.next() < 0.3 ? 1 : 0;
  const held = rows(2);
  for (let row = 0; row < held.y.length; row++) held.y[row] = random.next() < 0.3 ? 1 : 0;
  let rounds = 0;
  const trees = await boost(noise, { ...options, patience: 10 }, held, () => rounds++);
  assert.ok(rounds < options.trees);
  assert.equal(trees.trees.length, rounds - 10);
});

test('boost() lets others have their turn, and ends by what its listener throws', async () => {
  let isCancelled = false;
  setImmediate(() => {
    isCancelled = true;
  });
  let grown = 0;
  const growing = boost(rows(1), options, undefined, () => {
    grown++;
    if (isCancelled) throw new Error('cancelled');
  });
  await assert.rejects(growing, /cancelled/);
  assert.ok(grown < 3, `${grown} trees of ${options.trees}`);
});

test('boost() refuses rows of one outcome', async () => {
  await assert.rejects(boost({ ...rows(1), y: new Uint8Array(3000) }, options), /both outcomes/);
});
