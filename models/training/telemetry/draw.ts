import { resourceMetrics } from '../../features/resource.ts';
import type { FeatureSpec } from '../../features/spec.ts';
import type { Random } from '../random.ts';
import { type Subject, shownMetrics } from '../subjects.ts';
import { syntheticProcess } from '../synthetic.ts';
import { windowVectors } from '../windows.ts';
import type { TimedSubject } from './gather.ts';

/** How subjects are drawn out of telemetry. */
export interface TelemetryDrawing {
  /** Windows of a subject, at least and at most. */
  readonly windows: readonly [number, number];
  /** Share of subjects that are invented, for regimes that the telemetry lacks. */
  readonly synthetic: number;
  /** Whether some subjects show only some metrics. */
  readonly hideMetrics: boolean;
}

/** Draw a stretch of a subject's windows, as if it had been met for the first time there. */
export const drawTelemetry = (
  random: Random,
  spec: FeatureSpec,
  subjects: readonly TimedSubject[],
  { windows: [fewest, most], synthetic, hideMetrics }: TelemetryDrawing,
): Subject => {
  const wanted = random.integer(fewest, most + 1);
  const { size } = spec;
  let drawn: Subject;
  if (random.next() < synthetic)
    drawn = { windows: wanted, vectors: windowVectors(spec, syntheticProcess(random, wanted * 5), 0, wanted, 5) };
  else {
    const { windows: available, vectors, cohort, subject } = random.pick(subjects);
    const windows = Math.min(wanted, available);
    const from = random.integer(0, available - windows + 1);
    drawn = {
      windows,
      vectors: vectors.slice(from * size, (from + windows) * size),
      subject,
      ...(cohort === undefined ? {} : { cohort }),
    };
  }
  if (!hideMetrics) return drawn;
  const perMetric = size / resourceMetrics.length;
  shownMetrics(random).forEach((shown, metric) => {
    if (shown) return;
    for (let window = 0; window < drawn.windows; window++) {
      const at = window * size + metric * perMetric;
      drawn.vectors.fill(Number.NaN, at, at + perMetric);
    }
  });
  return drawn;
};
