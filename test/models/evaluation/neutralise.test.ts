import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifest } from '../../../models/anomaly/manifest.ts';
import { shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { listRecordings, loadRecording } from '../../../models/data/index.ts';
import { neutraliseTop } from '../../../models/evaluation/neutralise.ts';
import { resourceFeatures, resourceMetrics } from '../../../models/features/resource.ts';
import { anomalyRanges } from '../../../models/training/evaluate.ts';
import { windowVectors } from '../../../models/training/windows.ts';
import { shippedScorer } from './scorer.ts';

test('neutralising the feature that is named first lowers the score in at least 95 % of windows above moderate', async () => {
  const { thresholds } = await readManifest(shippedAnomalyModel());
  const scorer = await shippedScorer();
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
