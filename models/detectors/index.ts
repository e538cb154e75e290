import { EbbtideError } from '../../schemas/errors.ts';
import type { Detector } from './detector.ts';
import { ewma } from './ewma.ts';
import { isolationForest } from './isolationForest.ts';
import { ebbtide, linear, lstm, statistics, withoutForecast } from './ours.ts';
import { principal } from './principal.ts';
import { random } from './random.ts';
import { shipped, shippedCold } from './shipped.ts';
import { windowedGaussian } from './windowedGaussian.ts';

export type { Detector, DetectorStream, SeriesInfo } from './detector.ts';

/** Every detector by its name. */
export const detectors: Readonly<Record<string, Detector>> = {
  ebbtide,
  statistics,
  lstm,
  linear,
  withoutForecast,
  shipped,
  shippedCold,
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
