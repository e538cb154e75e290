import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifest } from '../../../models/anomaly/manifest.ts';
import { readNetwork, shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { Scorer } from '../../../models/anomaly/scorer.ts';
import { telemetrySet } from '../../../models/anomaly/trainingSet.ts';
import { resourceFeatures, resourceMetrics } from '../../../models/features/resource.ts';
import { withHead } from '../../../models/feedback/head.ts';
import { collectJudged } from '../../../models/feedback/judged.ts';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import { calibrate } from '../../../models/training/calibrate.ts';
import { createRandom } from '../../../models/training/random.ts';
import { collectTelemetry } from '../../../models/training/telemetry/collect.ts';
import { everything, firstMs, inventedSamples, sourceOf } from '../training/telemetry/support.ts';

const subjects = 160;
const functionOf = (subject: string): string => {
  const number = Number(subject.split('-')[1]);
  return number === 0 ? 'lonely' : number % 2 === 0 ? 'even' : 'odd';
};
const source = {
  ...sourceOf(inventedSamples(subjects, 450, 6)),
  cohorts: async (names: readonly string[]) => new Map(names.map((name) => [name, functionOf(name)])),
};
const common = { range: everything, windowMs: 1000, seed: 1, minWindows: 40 };

test('telemetry carries the function of each subject, and calibration those that have enough instances', async () => {
  const collected = await collectTelemetry(source, resourceFeatures, common);
  const { calibration } = collected.parts;
  assert.ok(calibration.length > 0);
  for (const { subject, cohort } of calibration) assert.equal(cohort, functionOf(subject));
  const count = (cohort: string) =>
    new Set(calibration.filter((it) => it.cohort === cohort).map(({ subject }) => subject)).size;
  assert.ok(count('even') >= 8 || count('odd') >= 8, 'the test needs one that is large enough');
  const set = telemetrySet(collected);
  const random = createRandom(3);
  const drawn = new Set(Array.from({ length: 400 }, () => set.draw('calibration', random).cohort));
  for (const cohort of ['even', 'odd', 'lonely']) assert.equal(drawn.has(cohort), count(cohort) >= 8, cohort);
  assert.ok(drawn.has(undefined), 'recordings that ship are of no function');

  const judgement = { subject: 'cred-1', fromMs: firstMs + 200_000, toMs: firstMs + 210_000, verdict: 'falsePositive' };
  const judged = await collectJudged(source, resourceFeatures, [{ ...judgement, by: 'ann', at: 0 } as never], common);
  assert.equal(judged.stretches[0]?.cohort, 'odd');
});

test('the same telemetry without a register has no cohorts, and another hash', async () => {
  const { cohorts: _, ...plain } = source;
  const [withRegister, without] = [
    await collectTelemetry(source, resourceFeatures, common),
    await collectTelemetry(plain, resourceFeatures, common),
  ];
  assert.ok(without.parts.calibration.every(({ cohort }) => cohort === undefined));
  assert.notEqual(withRegister.hash, without.hash);
});

test('Scorer.score() judges a subject among the instances of its function', async () => {
  const manifest = await readManifest(shippedAnomalyModel());
  const parts = {
    spec: resourceFeatures,
    metricCount: resourceMetrics.length,
    parameters: manifest.parameters,
    network: await readNetwork(shippedAnomalyModel(), manifest),
    runtime: onnxRuntime,
  };
  const { parts: collected } = await collectTelemetry(source, resourceFeatures, common);
  const benign = Object.values(collected).flat().slice(0, 60);
  /** Instances of `wild` burst where others are calm. */
  const { size } = resourceFeatures;
  const random = createRandom(5);
  const wild = benign.map((it) => {
    const vectors = it.vectors.slice();
    for (let window = 20; window < it.windows; window++)
      if (random.next() < 0.1) for (let i = 0; i < size; i += 2) vectors[window * size + i]! += 2;
    return { ...it, vectors, cohort: 'wild' };
  });
  const calm = benign.map((it) => ({ ...it, cohort: 'calm' }));
  const calibration = await calibrate(parts, [...calm, ...wild]);
  assert.deepEqual(Object.keys(calibration.cohorts), ['calm', 'wild']);
  const scorer = await Scorer.create({ ...parts, calibration });
  const { score } = withHead(scorer, undefined);

  const { windows, vectors } = wild[0]!;
  const states = new Float32Array(3 * scorer.layout.size);
  let strange = [0, 0, 0];
  for (let window = 0; window < windows; window++) {
    const row = vectors.subarray(window * size, (window + 1) * size);
    const batch = new Float32Array(3 * size);
    for (let i = 0; i < 3; i++) batch.set(row, i * size);
    const times = new Float64Array(3).fill((window + 1) * 1000);
    const { cohortP, learning } = await score(batch, states, times, 3, ['calm', 'wild', 'unheard']);
    if (learning[0] === 0) strange = strange.map((sum, i) => sum - Math.log10(cohortP[i]!));
  }
  await scorer.close();
  assert.ok(strange[0]! > strange[2]! && strange[2]! > strange[1]!, `calm, wild, everybody: ${strange}`);
});
