import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJointDistance } from '../../../models/anomaly/joint.ts';
import { defaultAnomalyParameters } from '../../../models/anomaly/parameters.ts';
import { stateLayout } from '../../../models/anomaly/state.ts';
import { createRandom } from '../../../models/training/random.ts';

const metrics = 3;
const layout = stateLayout(2 * metrics, metrics, 4);

/** A subject whose first two metrics move together and whose third moves alone. */
const watched = () => {
  const joint = createJointDistance(metrics, layout, defaultAnomalyParameters);
  const states = new Float32Array(layout.size);
  const random = createRandom(3);
  const parts = new Float64Array(metrics);
  const take = (state: Float32Array, amounts: readonly number[], shown = [0, 1, 2]): number => {
    for (const metric of shown) joint.take(state, 0, metric, Math.log1p(amounts[metric]!), true);
    const distance = joint.settle(state, 0, 1, parts);
    for (const metric of shown) state[layout.metricSeen + metric]! += 1;
    return distance;
  };
  const distances: number[] = [];
  for (let window = 0; window < 800; window++) {
    const common = random.next();
    distances.push(take(states, [100 + 40 * common, 50 + 20 * common, 200 + 30 * random.next()]));
  }
  return {
    states,
    parts,
    distances,
    take: (amounts: readonly number[], shown?: number[]) => take(states.slice(), amounts, shown),
  };
};

test('the joint distance of usual windows is no more than about the number of metrics', () => {
  const { distances } = watched();
  const late = distances.slice(300);
  const mean = late.reduce((sum, it) => sum + it, 0) / late.length;
  assert.ok(mean > 0.5 && mean < 1.5 * metrics, `${mean}`);
});

test('metrics that part are further away than metrics that move together as far', () => {
  const { take, parts } = watched();
  const together = take([138, 69, 215]);
  const apart = take([138, 51, 215]);
  assert.ok(apart > 3 * together, `${together} together, ${apart} apart`);
  assert.ok(parts[0]! + parts[1]! > 0.9 * apart);
});

test('parts are not negative and add up to the distance', () => {
  const { take, parts } = watched();
  for (const amounts of [
    [300, 50, 215],
    [120, 60, 900],
    [0, 0, 0],
  ]) {
    const distance = take(amounts);
    assert.ok(parts.every((part) => part >= 0));
    assert.ok(Math.abs(parts.reduce((sum, part) => sum + part, 0) - distance) < 1e-9 * distance);
  }
});

test('a metric that stays where it is has no part, however far the one that it moves with has gone', () => {
  const { take, parts, states } = watched();
  const at = (metric: number): number => states[layout.amount + metric]!;
  const distance = take([at(0) + 30, at(1), at(2)]);
  assert.ok(distance > 10 * metrics, `${distance}`);
  assert.ok(parts[0]! > 0.99 * distance, `${[...parts]}`);
});

test('what is missing is left out, and absurd amounts leave finite numbers', () => {
  const { take, parts } = watched();
  assert.ok(take([120, 60, 900], [0, 1]) < metrics);
  assert.equal(parts[2], 0);
  assert.equal(take([], []), 0);
  const { states } = watched();
  const joint = createJointDistance(metrics, layout, defaultAnomalyParameters);
  joint.take(states, 0, 0, 1e4, true);
  assert.ok(Number.isFinite(joint.settle(states, 0, 1, new Float64Array(metrics))));
  assert.ok(states.every(Number.isFinite));
});
