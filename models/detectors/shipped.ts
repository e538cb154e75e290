import { calibrationSchema } from '../anomaly/calibration.ts';
import { readManifest, readModelFile } from '../anomaly/manifest.ts';
import { modelFiles, readNetwork, shippedAnomalyModel } from '../anomaly/model.ts';
import { Scorer } from '../anomaly/scorer.ts';
import { smdColumns } from '../data/sources.ts';
import { resourceFeatures, resourceMetrics } from '../features/resource.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import { windowVectors } from '../training/windows.ts';
import type { Detector } from './detector.ts';

/** Rows that make a window where rows have many metrics; the model was trained on such windows mostly. */
const rowsPerWindow = 5;

const openScorer = async (): Promise<Scorer> => {
  const folder = shippedAnomalyModel();
  const manifest = await readManifest(folder);
  const calibration = calibrationSchema.parse(
    JSON.parse((await readModelFile(folder, manifest, modelFiles.calibration)).toString('utf8')),
  );
  return Scorer.create({
    spec: resourceFeatures,
    metricCount: resourceMetrics.length,
    // One subject at a time here, so a batch of one; scores do not depend on the batch.
    parameters: { ...manifest.parameters, batch: 1 },
    calibration,
    network: await readNetwork(folder, manifest),
    runtime: onnxRuntime,
  });
};

/** A row of the data set as our metrics; a single metric is taken for processor time. */
const mapRow = (values: Float64Array): Float64Array => {
  const single = values.length === 1;
  return Float64Array.from(resourceMetrics, (metric) => {
    if (single) return metric === 'cpuCores' ? values[0]! : Number.NaN;
    const { column, scale } = smdColumns[metric];
    return column < values.length ? values[column]! * scale : Number.NaN;
  });
};

const live = (summary: string, warm: boolean): Detector => ({
  summary,
  begin: async ({ metrics, intervalMs }, learning) => {
    const scorer = await openScorer();
    const size = resourceFeatures.size;
    const states = new Float32Array(scorer.layout.size);
    const perWindow = metrics === 1 ? 1 : rowsPerWindow;
    let waiting: Float64Array[] = [];
    let timeMs = 0;
    let statistic = 0;
    const score = async (values: Float64Array): Promise<number> => {
      waiting.push(mapRow(values));
      timeMs += intervalMs;
      if (waiting.length < perWindow) return statistic;
      const columns = resourceMetrics.map((_, metric) => Float64Array.from(waiting, (row) => row[metric]!));
      const vectors = windowVectors(resourceFeatures, columns, 0, 1, perWindow);
      waiting = [];
      const scores = await scorer.score(vectors.subarray(0, size), states, Float64Array.of(timeMs), 1);
      statistic = scores.statistic[0]!;
      return statistic;
    };
    for (let at = 0; warm && learning && at < learning.length; at += metrics)
      await score(learning.subarray(at, at + metrics));
    return { score, close: () => scorer.close() };
  },
});

/**
 * The live model that ships, as the lifecycle pipeline runs it: windows and carried state. It has watched the learning
 * rows, as it would have watched a subject; nothing is fitted.
 */
export const shipped = live('the live model that ships, on its own twelve metrics', true);

/** The same without the learning rows: what is streamed is the first that it sees. */
export const shippedCold = live('the live model that ships, without the learning rows', false);
