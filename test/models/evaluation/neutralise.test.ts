import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { calibrationSchema } from '../../../models/anomaly/calibration.ts';
import { readManifest } from '../../../models/anomaly/manifest.ts';
import { modelFiles, shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { Scorer } from '../../../models/anomaly/scorer.ts';
import { listRecordings, loadRecording } from '../../../models/data/index.ts';
import { neutraliseTop } from '../../../models/evaluation/neutralise.ts';
import { resourceFeatures, resourceMetrics } from '../../../models/features/resource.ts';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import { anomalyRanges } from '../../../models/training/evaluate.ts';
import { windowVectors } from '../../../models/training/windows.ts';

test('neutralising the feature that is named first lowers the score in at least 95 % of windows above moderate', async () => {
  const folder = shippedAnomalyModel();
  const { parameters, thresholds } = await readManifest(folder);
  const read = (file: string): Buffer => readFileSync(join(folder, file));
  const scorer = await Scorer.create({
    spec: resourceFeatures,
    metricCount: resourceMetrics.length,
    parameters,
    calibration: calibrationSchema.parse(JSON.parse(read(modelFiles.calibration).toString('utf8'))),
    network: read(modelFiles.step),
    runtime: onnxRuntime,
  });
  const rowsPerWindow = 5;
  const subjects = listRecordings('anomaly')
    .map(({ name }) => loadRecording(name))
    .flatMap((recording) => anomalyRanges(recording, 450, 2 * rowsPerWindow, 300))
    .map(({ recording, from, to }) => {
      const windows = Math.floor((to - from) / rowsPerWindow);
      const columns = resourceMetrics.map((metric) => recording.metrics[metric]);
      return { windows, vectors: windowVectors(resourceFeatures, columns, from, windows, rowsPerWindow) };
    });
  const names = resourceFeatures.features.map(({ name }) => name);
  const found = await neutraliseTop(scorer, names, subjects, resourceFeatures.size, thresholds.moderate);
  await scorer.close();
  assert.ok(found.windows >= 40, `${found.windows} windows`);
  assert.ok(found.scoreFell >= 0.95, `${found.scoreFell}`);
  assert.ok(found.statisticFell >= 0.95, `${found.statisticFell}`);
  assert.ok(found.scoreAfter < found.scoreBefore);
});
