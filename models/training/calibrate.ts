import { createAlarmCounter } from '../anomaly/alarms.ts';
import { type Calibration, type CalibrationSample, fitCalibration } from '../anomaly/calibration.ts';
import { Scorer, type ScorerParts } from '../anomaly/scorer.ts';
import { replayOrder, replaySubjects } from './replay.ts';
import type { Subject } from './subjects.ts';

/** Deviations that runs are measured at. */
const clusterP = 0.002;

/** Before there is a calibration: nothing surprises. */
const blind = (energies: { residual: number; level: number }): Calibration => ({
  energies,
  alarms: { clusterWindows: 1, quietWindows: 1 },
  tailShape: 0.1,
  tailShare: 0.02,
  classes: [{ fromWindow: 0, fromMetrics: 0, samples: 1, statistics: [1e9, 2e9], surprises: [0, 0], tailScale: 1e12 }],
  cohorts: {},
});

/** How many windows one false alarm takes on average, by the calibrated scorer. */
const measureClusters = async (
  parts: Omit<ScorerParts, 'calibration'>,
  calibration: Calibration,
  subjects: readonly Subject[],
): Promise<number> => {
  const scorer = await Scorer.create({ ...parts, calibration });
  const counters = subjects.map(() => createAlarmCounter(calibration.alarms.quietWindows));
  await replaySubjects(scorer, subjects, parts.spec.size, (subject, window, scores, row) => {
    if (scores.pValue[row]! <= clusterP) counters[subject]!.deviation(window);
  });
  await scorer.close();
  const windows = counters.reduce((sum, { counted }) => sum + counted.windows, 0);
  const alarms = counters.reduce((sum, { counted }) => sum + counted.alarms, 0);
  return alarms > 0 ? windows / alarms : 1;
};

/**
 * Calibrate on benign subjects that the network was not trained on: first the mean energies, then the statistics, then
 * how deviations cluster.
 *
 * @param parts the scorer, but for its calibration
 * @param subjects benign, from their first window on
 */
export const calibrate = async (
  parts: Omit<ScorerParts, 'calibration'>,
  subjects: readonly Subject[],
): Promise<Calibration> => {
  const { size } = parts.spec;
  const sums = { residual: 0, level: 0, windows: 0 };
  const unit = { residual: 1, level: 1 };
  const first = await Scorer.create({ ...parts, calibration: blind(unit) }, (observation) => {
    sums.residual += observation.residualEnergy;
    sums.level += observation.levelEnergy;
    sums.windows++;
  });
  await replaySubjects(first, subjects, size);
  await first.close();
  const energies = { residual: sums.residual / sums.windows, level: sums.level / sums.windows };
  const samples: CalibrationSample[] = [];
  const members = replayOrder(subjects).map((index) => {
    const { cohort, subject = `#${index}` } = subjects[index]!;
    return cohort === undefined ? {} : { member: { cohort, subject } };
  });
  const second = await Scorer.create({ ...parts, calibration: blind(energies) }, ({ seen, judged }, statistic, row) => {
    samples.push({ statistic, seen, metrics: judged, ...members[row] });
  });
  await replaySubjects(second, subjects, size);
  await second.close();
  const calibration = fitCalibration(samples, energies);
  const clusterWindows = await measureClusters(parts, calibration, subjects);
  return { ...calibration, alarms: { ...calibration.alarms, clusterWindows } };
};
