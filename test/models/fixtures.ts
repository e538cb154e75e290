import { aggregatesPerMetric, resourceFeatures, resourceMetrics } from '../../models/features/resource.ts';
import { createRandom } from '../../models/training/random.ts';
import { syntheticProcess } from '../../models/training/synthetic.ts';
import { windowVectors } from '../../models/training/windows.ts';

/** Aggregates of one window in which every metric has the same count, mean and maximum. */
export const aggregatesOf = (count: number, mean: number, max: number): Float64Array => {
  const aggregates = new Float64Array(resourceMetrics.length * aggregatesPerMetric);
  for (let at = 0; at < aggregates.length; at += aggregatesPerMetric)
    aggregates.set([count, count * mean, count * mean * mean, mean, max], at);
  return aggregates;
};

/** Window vectors of invented processes: subjects × windows × features. */
export const inventedSubjects = (seed: number, subjects: number, windows: number): Float32Array[] => {
  const random = createRandom(seed);
  return Array.from({ length: subjects }, () =>
    windowVectors(resourceFeatures, syntheticProcess(random, windows * 5), 0, windows, 5),
  );
};
