import { z } from 'zod';
import { curveSchema, fitCurve, readyCurve, surpriseAt, tailShape, tailShare } from '../calibration/curve.ts';
import { defaultQuietWindows } from './alarms.ts';

/** Class of subjects whose statistics are alike: how long they were watched, and how many metrics they show. */
const classSchema = z.strictObject({
  /** From this many windows seen, inclusive. */
  fromWindow: z.number().int().nonnegative(),
  /** From this many judged metrics, inclusive. */
  fromMetrics: z.number().int().nonnegative(),
  ...curveSchema.shape,
});

/** Conformal calibration: what a statistic of benign windows looks like, per class. */
export const calibrationSchema = z.strictObject({
  /** Mean energies of benign windows. */
  energies: z.strictObject({ residual: z.number().positive(), level: z.number().positive() }),
  /** Windows in a row (with less than `quietWindows` between) that one false alarm comes to, on average. */
  alarms: z
    .strictObject({ clusterWindows: z.number().min(1), quietWindows: z.number().int().positive() })
    .default({ clusterWindows: 1, quietWindows: 60 }),
  tailShape: z.number().positive(),
  tailShare: z.number().gt(0).lt(1),
  /** Of everybody. Ascending by `fromWindow`, then by `fromMetrics`. */
  classes: z.array(classSchema).min(1),
  /** Of the instances of one function, by its name: those classes that had enough windows of enough subjects. */
  cohorts: z.record(z.string(), z.array(classSchema).min(1)).default({}),
});

/** See {@link calibrationSchema}. */
export type Calibration = z.infer<typeof calibrationSchema>;
type CalibrationClass = z.infer<typeof classSchema>;

/** Ages and numbers of metrics at which classes begin. */
export const classEdges = { windows: [0, 60, 120, 400], metrics: [0, 4, 8] } as const;

/** Index of the last edge at or below a value. */
const classOf = (edges: readonly number[], value: number): number => {
  let index = 0;
  while (index + 1 < edges.length && edges[index + 1]! <= value) index++;
  return index;
};

/** Turns statistics into −log10 of conformal p-values. */
export interface Surprise {
  /**
   * @param statistic the smoothed statistic
   * @param seen windows of the subject so far
   * @param metrics metrics judged in this window
   * @param cohort function that the subject is an instance of; everybody's classes stand in for one that is unknown or small
   * @returns −log10 p, 0 and up
   */
  of(statistic: number, seen: number, metrics: number, cohort?: string): number;
}

/**
 * Prepare a calibration for look-ups.
 *
 * @example
 * surprise(calibration).of(2.1, 45, 12); // 2 means: one benign window in a hundred is as strange
 */
export const surprise = (calibration: Calibration): Surprise => {
  const windows = [...new Set(calibration.classes.map((entry) => entry.fromWindow))];
  const metrics = [...new Set(calibration.classes.map((entry) => entry.fromMetrics))];
  const tableOf = (classes: readonly CalibrationClass[]) =>
    windows.map((fromWindow) =>
      metrics.map((fromMetrics) => {
        const fits = (it: CalibrationClass): boolean => it.fromWindow === fromWindow && it.fromMetrics === fromMetrics;
        return readyCurve(classes.find(fits) ?? calibration.classes.find(fits)!);
      }),
    );
  const everybody = tableOf(calibration.classes);
  const cohorts = new Map(Object.entries(calibration.cohorts).map(([name, classes]) => [name, tableOf(classes)]));
  const shape = calibration.tailShape;
  return {
    of(statistic, seen, judged, cohort) {
      const table = (cohort === undefined ? undefined : cohorts.get(cohort)) ?? everybody;
      return surpriseAt(table[classOf(windows, seen)]![classOf(metrics, judged)]!, statistic, shape);
    },
  };
};

/** Benign statistics to calibrate with: one entry a scored window. */
export interface CalibrationSample {
  readonly statistic: number;
  readonly seen: number;
  readonly metrics: number;
  /** Function that the subject is an instance of, and which one, where it is known and has enough subjects. */
  readonly member?: { readonly cohort: string; readonly subject: string };
}

/** Windows without which a class of everybody is that of all windows, and a class of a cohort is everybody's. */
const fewestWindows = { everybody: 100, cohort: 400 } as const;

/** Subjects that a class of a cohort needs at least: none makes more than its part of so many of the curve. */
const fewestSubjects = 5;

/**
 * Windows of a cohort's class, of which no subject has more than a fifth; one that lives long, or is taken over, must not
 * say alone what is usual for its siblings. Who has too many gives some that lie evenly among them.
 */
const evenShares = (samples: readonly CalibrationSample[]): readonly CalibrationSample[] => {
  const bySubject = new Map<string, CalibrationSample[]>();
  for (const it of samples) {
    const its = bySubject.get(it.member!.subject);
    if (its) its.push(it);
    else bySubject.set(it.member!.subject, [it]);
  }
  const all = [...bySubject.values()];
  let most = all.reduce((longest, { length }) => Math.max(longest, length), 0);
  for (let next = most; ; most = next) {
    next = Math.floor(all.reduce((sum, { length }) => sum + Math.min(length, most), 0) / fewestSubjects);
    if (next >= most) break;
  }
  return all.flatMap((its) =>
    its.length <= most ? its : Array.from({ length: most }, (_, i) => its[Math.floor((i * its.length) / most)]!),
  );
};

/**
 * Fit the calibration to benign windows that the network was not trained on.
 *
 * @param energies mean energies of these windows, by which the statistics were normalised
 */
export const fitCalibration = (
  samples: readonly CalibrationSample[],
  energies: { residual: number; level: number },
): Calibration => {
  const byClass = (of: readonly CalibrationSample[], choose = (its: readonly CalibrationSample[]) => its) =>
    classEdges.windows.flatMap((fromWindow, age) =>
      classEdges.metrics.map((fromMetrics, presence) => {
        const its = of.filter(
          ({ seen, metrics }) =>
            classOf(classEdges.windows, seen) === age && classOf(classEdges.metrics, metrics) === presence,
        );
        return { fromWindow, fromMetrics, values: choose(its).map(({ statistic }) => statistic) };
      }),
    );
  const names = [...new Set(samples.flatMap(({ member }) => member?.cohort ?? []))].sort();
  const cohorts = names.flatMap((name) => {
    const its = samples.filter(({ member }) => member?.cohort === name);
    const classes = byClass(its, evenShares)
      .filter(({ values }) => values.length >= fewestWindows.cohort)
      .map(({ fromWindow, fromMetrics, values }) => ({
        fromWindow,
        fromMetrics,
        ...fitCurve(Float64Array.from(values)),
      }));
    return classes.length > 0 ? [[name, classes] as const] : [];
  });
  const everything = Float64Array.from(samples, ({ statistic }) => statistic);
  return {
    energies,
    alarms: { clusterWindows: 1, quietWindows: defaultQuietWindows },
    tailShape,
    tailShare,
    classes: byClass(samples).map(({ fromWindow, fromMetrics, values }) => ({
      fromWindow,
      fromMetrics,
      ...fitCurve(values.length >= fewestWindows.everybody ? Float64Array.from(values) : everything.slice()),
    })),
    cohorts: Object.fromEntries(cohorts),
  };
};
