import { EbbtideError } from '../../schemas/errors.ts';
import type { Detector } from './detector.ts';
import { ewma } from './ewma.ts';
import { isolationForest } from './isolationForest.ts';
import { linearParts, multivariate } from './multivariate.ts';
import { principal } from './principal.ts';
import { random } from './random.ts';
import { shipped } from './shipped.ts';
import { watchOne } from './univariate.ts';
import { windowedGaussian } from './windowedGaussian.ts';

export type { Detector, DetectorStream, SeriesInfo } from './detector.ts';

const manyMetrics = multivariate('', linearParts);

/** Statistics alone, for one metric and for many. */
const statistics: Detector = {
  summary: 'level, days before and linear forecast; of many metrics principal components and linear forecasts',
  begin: (series, learning) =>
    series.metrics === 1 && !learning
      ? watchOne(series, { level: true, days: true, residual: true })
      : manyMetrics.begin(series, learning),
};

/** Every detector by its name. */
export const detectors: Readonly<Record<string, Detector>> = {
  statistics,
  shipped,
  windowedGaussian,
  ewma,
  pca: principal,
  isolationForest,
  random,
};

/**
 * Detectors by their names.
 *
 * @throws EbbtideError REQUEST_INVALID when there is none of a name
 */
export const chooseDetectors = (names: readonly string[]): [string, Detector][] =>
  names.map((name) => {
    const detector = detectors[name];
    if (detector) return [name, detector];
    const known = Object.keys(detectors).join(', ');
    throw new EbbtideError('REQUEST_INVALID', `No detector is named ${name}; there are ${known}`, { name });
  });
