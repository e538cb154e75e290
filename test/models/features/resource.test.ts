import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregatesPerMetric, resourceFeatures, resourceMetrics } from '../../../models/features/resource.ts';
import { hashFeatures } from '../../../models/features/spec.ts';
import { aggregatesOf } from '../fixtures.ts';

const fill = (aggregates: Float64Array): Float32Array => {
  const out = new Float32Array(resourceFeatures.size);
  resourceFeatures.fill(aggregates, 0, out, 0);
  return out;
};

test('resourceFeatures.fill() gives the logarithm of the mean, and the peak above it', () => {
  const out = fill(aggregatesOf(5, 2, 8));
  assert.equal(out.length, resourceFeatures.features.length);
  assert.ok(Math.abs(out[0]! - Math.log1p(2 / 0.01)) < 1e-6, 'cpuCores.level');
  assert.ok(Math.abs(out[1]! - Math.log(8.01 / 2.01)) < 1e-6, 'cpuCores.peak');
});

test('resourceFeatures.fill() gives NaN for a metric without samples and leaves the others alone', () => {
  const aggregates = aggregatesOf(5, 2, 8);
  const missing = resourceMetrics.indexOf('sentBytes');
  aggregates.fill(0, missing * aggregatesPerMetric, (missing + 1) * aggregatesPerMetric);
  const out = fill(aggregates);
  const nan = [...out.keys()].filter((i) => Number.isNaN(out[i]!)).map((i) => resourceFeatures.features[i]!.name);
  assert.deepEqual(nan, ['sentBytes.level', 'sentBytes.peak']);
});

test('resourceFeatures.fill() refuses what is no amount: negative, NaN and infinite aggregates', () => {
  for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.ok(fill(aggregatesOf(5, bad, bad)).every(Number.isNaN));
});

test('resourceFeatures.fill() writes only its own place', () => {
  const out = new Float32Array(3 * resourceFeatures.size).fill(7);
  const aggregates = new Float64Array(2 * resourceMetrics.length * aggregatesPerMetric);
  aggregates.set(aggregatesOf(1, 1, 1), resourceMetrics.length * aggregatesPerMetric);
  resourceFeatures.fill(aggregates, resourceMetrics.length * aggregatesPerMetric, out, resourceFeatures.size);
  assert.ok(out.subarray(0, resourceFeatures.size).every((value) => value === 7));
  assert.ok(out.subarray(2 * resourceFeatures.size).every((value) => value === 7));
  assert.ok(out.subarray(resourceFeatures.size, 2 * resourceFeatures.size).every((value) => value >= 0 && value < 7));
});

test('resourceFeatures.fill() is finite or missing, whatever the amounts', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e300, noNaN: true }), fc.integer({ min: 1, max: 1000 }), (mean, count) => {
      const out = fill(aggregatesOf(count, mean, mean));
      assert.ok(out.every((value) => Number.isNaN(value) || (Number.isFinite(value) && value >= 0)));
    }),
  );
});

test('resourceFeatures.amountOf() undoes the transform', () => {
  const out = fill(aggregatesOf(4, 2, 8));
  assert.ok(Math.abs(resourceFeatures.amountOf(0, out[0]!) - 2) < 1e-5);
  assert.ok(Math.abs(resourceFeatures.amountOf(1, out[1]!) - 8.01 / 2.01) < 1e-5);
  assert.equal(resourceFeatures.amountOf(0, -3), 0);
});

test('hashFeatures() changes with name, unit, transform, order and the rule for what is missing', () => {
  const { name, features, hash, missing } = resourceFeatures;
  assert.equal(hashFeatures(name, features, missing), hash);
  assert.notEqual(hashFeatures(name, features, `${missing}.`), hash);
  assert.notEqual(hashFeatures(`${name}x`, features, missing), hash);
  assert.notEqual(hashFeatures(name, [...features].reverse(), missing), hash);
  assert.notEqual(hashFeatures(name, [{ ...features[0]!, unit: 'mcores' }, ...features.slice(1)], missing), hash);
});
