import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceFeatures, resourceMetrics } from '../../../../models/features/resource.ts';
import { collectTelemetry } from '../../../../models/training/telemetry/collect.ts';
import { parts } from '../../../../models/training/telemetry/split.ts';
import { windowVectors } from '../../../../models/training/windows.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import { everything, firstMs, inventedSamples, type Sample, sourceOf } from './support.ts';

const options = { range: everything, windowMs: 5000, seed: 3, minWindows: 10 };
const collect = (samples: readonly Sample[], more: object = {}) =>
  collectTelemetry(sourceOf(samples), resourceFeatures, { ...options, ...more });
const refusal = (pattern: RegExp) => (error: unknown) =>
  isEbbtideError(error, 'DATA_MISSING') && pattern.test(error.message);

test('collectTelemetry() gives parts that share neither subject nor time', async () => {
  const { parts: collected, lineage } = await collect(inventedSamples(12, 1200));
  const seen = new Map<string, string>();
  let latest = 0;
  for (const part of parts) {
    assert.ok(collected[part].length > 0, `${part} is empty`);
    for (const { subject } of collected[part]) {
      assert.equal(seen.get(subject) ?? part, part, `${subject} is in two parts`);
      seen.set(subject, part);
    }
    const starts = collected[part].map(({ ends }) => ends[0]! - options.windowMs);
    assert.ok(Math.min(...starts) >= latest, `${part} begins before the part before it has ended`);
    latest = Math.max(...collected[part].map(({ ends }) => ends.at(-1)!));
  }
  assert.equal(lineage.split, 'disjoint in subject and in time');
  assert.match(lineage.queryHash as string, /^[0-9a-f]{64}$/);
});

test('collectTelemetry() makes the vectors of the windows themselves', async () => {
  const samples = inventedSamples(4, 1200);
  const { parts: collected } = await collect(samples);
  const { subject, ends, vectors } = collected.train[0]!;
  const rows = samples.filter((one) => one.subject === subject);
  const columns = resourceMetrics.map((_, metric) => Float64Array.from(rows, ({ values }) => values[metric]!));
  const from = rows.findIndex(({ time }) => time >= ends[0]! - options.windowMs);
  const expected = windowVectors(resourceFeatures, columns, from, 4, 5);
  assert.deepEqual(vectors.subarray(0, expected.length), expected);
});

test('collectTelemetry() does not depend on the order of subjects, and does on the data', async () => {
  const samples = inventedSamples(8, 800);
  const byTime = samples.toSorted((a, b) => a.time - b.time);
  assert.equal((await collect(byTime)).hash, (await collect(samples)).hash);
  const changed = samples.map((one) => ({ ...one, values: one.values.map((value) => value * 1.5) }));
  assert.notEqual((await collect(changed)).hash, (await collect(samples)).hash);
});

test('collectTelemetry() holds no more than it may', async () => {
  const { parts: collected, lineage } = await collect(inventedSamples(20, 800), { maxSubjects: 6, maxWindows: 12 });
  const all = parts.flatMap((part) => collected[part]);
  assert.ok(new Set(all.map(({ subject }) => subject)).size <= 6);
  assert.ok(all.every(({ windows }) => windows <= 12));
  assert.equal((lineage.sample as { subjects: number }).subjects, 6);
});

test('collectTelemetry() refuses nothing, too few subjects, too little time, and what never changes', async () => {
  await assert.rejects(collect([]), refusal(/no telemetry from .* to /));
  await assert.rejects(collect(inventedSamples(3, 800)), refusal(/3 subjects; training needs 4/));
  await assert.rejects(collect(inventedSamples(8, 60)), refusal(/too short: none has 10 windows of 5 s left for/));
  const constant = inventedSamples(8, 800).map((one) => ({ ...one, values: new Float64Array(12).fill(2) }));
  await assert.rejects(collect(constant), refusal(/ever changes \(cpuCores\.level/));
});

test('collectTelemetry() tells of constants, NaN, negative values, disorder and gaps, and goes on', async () => {
  const cpu = resourceMetrics.indexOf('cpuCores');
  const threads = resourceMetrics.indexOf('threads');
  const samples = inventedSamples(8, 1200);
  for (const { values, time } of samples) {
    values[cpu] = 1;
    values[threads] = Number.NaN;
    if (time === firstMs + 100_000) values[3] = -5;
  }
  // A long silence, and a clock that was set back
  const gapped = samples.map((one) => (one.time < firstMs + 300_000 ? one : { ...one, time: one.time + 200_000 }));
  const disordered = gapped.flatMap((one) =>
    one.time === firstMs + 200_000 ? [one, { ...one, time: one.time - 60_000 }] : [one],
  );
  const { warnings, parts: collected } = await collect(disordered);
  const text = warnings.join('\n');
  assert.match(text, /2 features are constant and teach nothing: cpuCores\.level, cpuCores\.peak/);
  assert.match(text, /2 features are never reported: threads\.level, threads\.peak/);
  assert.match(text, /values are negative or infinite/);
  assert.match(text, /samples lie before a window that had closed/);
  assert.match(text, /gaps in time/);
  for (const { ends } of parts.flatMap((part) => collected[part]))
    for (let i = 1; i < ends.length; i++) assert.ok(ends[i]! - ends[i - 1]! <= 30 * options.windowMs);
});

test('collectTelemetry() leaves out what it is told to', async () => {
  const from = firstMs + 100_000;
  const exclude = (_: string, time: number) => time >= from && time < from + 50_000;
  const { parts: collected } = await collect(inventedSamples(8, 1200), { exclude });
  for (const { ends } of parts.flatMap((part) => collected[part]))
    assert.ok(ends.every((end) => end <= from || end > from + 50_000));
});
