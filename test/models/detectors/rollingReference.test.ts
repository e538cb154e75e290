import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { RollingReference } from '../../../models/detectors/rollingReference.ts';
import { createRandom } from '../../../models/training/random.ts';

const options = { capacity: 500, share: 0.02, least: 5, shape: 0.1 };

suite('RollingReference', () => {
  test('ranks by the last values alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 60 }), (values) => {
        // A tail longer than half of what is remembered: then every p-value is a rank.
        const reference = new RollingReference({ capacity: 8, share: 1, least: 8, shape: 0.1 });
        for (const value of values) reference.insert(value);
        const last = values.slice(-8);
        for (const value of [-21, -3, 0, 3, 21]) {
          const above = last.filter((it) => it >= value).length;
          const below = last.filter((it) => it <= value).length;
          assert.equal(reference.upper(value), (above + 1) / (last.length + 1));
          assert.equal(reference.lower(value), (below + 1) / (last.length + 1));
        }
      }),
    );
  });

  test('gives p-values that are uniform on values of one distribution, and smaller the farther out', () => {
    const random = createRandom(3);
    const reference = new RollingReference({ ...options, capacity: 4000 });
    for (let i = 0; i < 4000; i++) reference.insert(random.normal());
    const p = Float64Array.from({ length: 20_000 }, () => reference.upper(random.normal()));
    for (const rate of [0.01, 0.05, 0.3]) {
      const measured = p.filter((it) => it <= rate).length / p.length;
      assert.ok(measured > rate / 1.4 && measured < rate * 1.4, `${measured} for ${rate}`);
    }
    const far = [3, 4, 6, 10].map((value) => reference.upper(value));
    assert.deepEqual(
      far,
      far.toSorted((a, b) => b - a),
    );
    assert.ok(far[3]! > 0 && far[3]! < 1e-4);
  });

  test('is symmetric', () => {
    const random = createRandom(4);
    const [plus, minus] = [new RollingReference(options), new RollingReference(options)];
    for (let i = 0; i < 700; i++) {
      const value = random.normal();
      plus.insert(value);
      minus.insert(-value);
    }
    for (const value of [-5, -1, 0.2, 2, 7])
      assert.ok(Math.abs(plus.upper(value) - minus.lower(-value)) < 1e-12, `at ${value}`);
  });

  test('finds any change of a constant improbable, and nothing else', () => {
    const reference = new RollingReference(options);
    for (let i = 0; i < 400; i++) reference.insert(1);
    assert.equal(reference.upper(1), 1);
    assert.ok(reference.upper(1.1) < 1e-6);
    assert.ok(reference.lower(0.9) < 1e-6);
  });

  test('knows nothing while it is empty', () => assert.equal(new RollingReference(options).twoSided(3), 1));
});
