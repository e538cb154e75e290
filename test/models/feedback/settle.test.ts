import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logitOf } from '../../../models/feedback/head.ts';
import type { Observation } from '../../../models/feedback/logistic.ts';
import { type ObservedStretch, settle } from '../../../models/feedback/settle.ts';
import { createRandom } from '../../../models/training/random.ts';

const random = createRandom(1);
const alarm = logitOf(0.6);
const margin = 0.2;
const options = { background: [], penalties: Float64Array.of(3, 3), alarm, stretchWeight: 10, margin };

/** Windows of one stretch: a score, and a trait that tells attacks from false alarms as far as it is strong. */
const stretch = (malicious: boolean, windows: number, score: number, trait: number): ObservedStretch => {
  const all = Array.from({ length: windows }, (): Observation => {
    const own = Math.min(0.95, Math.max(0.05, score + 0.02 * random.normal()));
    return {
      x: Float64Array.of(own, own * (trait + 0.3 * random.normal())),
      offset: logitOf(own),
      y: malicious ? 1 : 0,
      weight: 1,
    };
  });
  return { malicious, ...(malicious ? { target: alarm } : {}), lessons: all, windows: all };
};
const highest = (theta: Float64Array, { windows }: ObservedStretch): number =>
  Math.max(...windows.map(({ x, offset }) => offset + x.reduce((sum, value, i) => sum + value * theta[i]!, 0)));

test('settle() silences false alarms, and shows every attack, although the longest outlasts all other windows', () => {
  const attacks = [600, 3, 2, 4, 3, 2].map((windows) => stretch(true, windows, 0.7, 1));
  const alarms = Array.from({ length: 20 }, () => stretch(false, 3, 0.7, -1));
  const theta = settle([...attacks, ...alarms], options)!;
  for (const one of attacks) assert.ok(highest(theta, one) >= alarm + margin - 1e-9);
  const alarmed = alarms.filter((one) => highest(theta, one) > alarm).length;
  assert.ok(alarmed <= 2, `${alarmed} of ${alarms.length} false alarms are left`);
});

test('settle() takes nothing where labels tell nothing', () => {
  const attacks = Array.from({ length: 6 }, () => stretch(true, 3, 0.65, 0));
  const alarms = Array.from({ length: 20 }, () => stretch(false, 3, 0.8, 0));
  assert.equal(settle([...attacks, ...alarms], options), undefined);
});

test('settle() leaves an attack that nothing can show to the comparison', () => {
  const calm = Array.from(
    { length: 2 },
    () => ({ x: new Float64Array(2), offset: logitOf(0.001), y: 1, weight: 1 }) as const,
  );
  const hidden: ObservedStretch = { malicious: true, target: alarm, lessons: calm, windows: calm };
  const attacks = [hidden, ...Array.from({ length: 5 }, () => stretch(true, 3, 0.7, 1))];
  const alarms = Array.from({ length: 10 }, () => stretch(false, 3, 0.7, -1));
  const theta = settle([...attacks, ...alarms], options)!;
  assert.ok(theta.every(Number.isFinite));
});
