import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { windowedGaussian } from '../../models/detectors/windowedGaussian.ts';
import { dataSetsFolder, subjects } from '../../models/evaluation/index.ts';
import { evaluateNab } from '../../models/evaluation/nab.ts';
import { readNabSeries } from '../../models/evaluation/nabData.ts';
import { nabProfiles, nabScore } from '../../models/evaluation/nabScore.ts';
import { runSeries, usualInterval } from '../../models/evaluation/runSeries.ts';
import { evaluateSmd } from '../../models/evaluation/smd.ts';

const onProgress = () => undefined;
const ours = subjects.anomaly!.detectors.slice(0, 1);

/** A data set's folder, or the reason why there is none. */
const dataSet = (name: string) => {
  const folder = join(dataSetsFolder(), name);
  return { folder, skip: existsSync(folder) ? false : `the data set is not in ${folder}` };
};

const keepsPromise = (figures: Readonly<Record<string, number>>) => {
  for (const [name, promised] of [
    ['falseAlarmAt01Pct', 0.001],
    ['falseAlarmAt1Pct', 0.01],
    ['falseAlarmAt5Pct', 0.05],
  ] as const) {
    const ratio = figures[name]! / promised;
    assert.ok(ratio > 1 / 1.5 && ratio < 1.5, `${name}: ${ratio} of what was promised`);
  }
};

suite('Numenta Anomaly Benchmark', () => {
  const { folder, skip } = dataSet('nab');

  test('the scorer gives the windowed Gaussian what NAB published for it', { skip }, async () => {
    const series = readNabSeries(folder);
    const scores: Float64Array[] = [];
    for (const it of series) {
      const info = { name: it.name, metrics: 1, intervalMs: usualInterval(it.times), learningRows: it.probation };
      scores.push((await runSeries(windowedGaussian, info, it.values, it.times)).scores);
    }
    // results/final_results.json
    for (const [profile, published] of [
      ['standard', 39.649523496077585],
      ['rewardLowFp', 20.86798582474138],
      ['rewardLowFn', 47.4100271583046],
    ] as const) {
      const { score } = nabScore(series, scores, nabProfiles[profile]);
      assert.ok(Math.abs(score - published) < 1e-6, `${profile}: ${score}`);
    }
  });

  test('our detector scores at least 60 and keeps its promise', { skip }, async () => {
    const { figures } = await evaluateNab({ folder, detectors: ours, onProgress });
    assert.ok(figures.standard! >= 60, `${figures.standard}`);
    keepsPromise(figures);
  });
});

suite('Server Machine Dataset', () => {
  const { folder, skip } = dataSet('smd');

  test('our detector reaches 0.66 in AUC-PR and in best F1, and keeps its promise', { skip }, async () => {
    const { figures } = await evaluateSmd({ folder, detectors: ours, onProgress });
    assert.ok(figures.aucPr! >= 0.66, `${figures.aucPr}`);
    assert.ok(figures.bestF1! >= 0.66, `${figures.bestF1}`);
    keepsPromise(figures);
  });
});
