import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { averagePrecision, bestF1, precisionRecall } from '../../../models/evaluation/precisionRecall.ts';
import { createRandom } from '../../../models/training/random.ts';

suite('precisionRecall()', () => {
  test('equals what scikit-learn documents for its example of average precision', () => {
    const points = precisionRecall(Float64Array.of(0.1, 0.4, 0.35, 0.8), Uint8Array.of(0, 0, 1, 1));
    assert.ok(Math.abs(averagePrecision(points) - 0.83333) < 1e-4);
    assert.equal(bestF1(points), 0.8);
  });

  test('lets equal scores stand or fall together, whatever their order', () => {
    const a = precisionRecall(Float64Array.of(1, 1, 1, 0), Uint8Array.of(1, 0, 0, 0));
    const b = precisionRecall(Float64Array.of(1, 1, 1, 0), Uint8Array.of(0, 0, 1, 0));
    assert.deepEqual(a, b);
    assert.ok(Math.abs(averagePrecision(a) - 1 / 3) < 1e-12);
  });

  test('gives chance the share of anomalies, and 1 to a perfect ranking', () => {
    const random = createRandom(1);
    const labels = Uint8Array.from({ length: 50_000 }, () => (random.next() < 0.05 ? 1 : 0));
    const byChance = averagePrecision(
      precisionRecall(
        Float64Array.from(labels, () => random.next()),
        labels,
      ),
    );
    assert.ok(Math.abs(byChance - 0.05) < 0.01, `${byChance}`);
    const perfect = precisionRecall(Float64Array.from(labels), labels);
    assert.equal(averagePrecision(perfect), 1);
    assert.equal(bestF1(perfect), 1);
  });
});
