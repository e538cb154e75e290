const dayMs = 86_400_000;

/** Windows without a deviation after which the next one is an alarm of its own. */
export const defaultQuietWindows = 60;

/** How alarms of a calibrated model come about. */
export interface AlarmRule {
  /** Windows that one false alarm comes to, 1 and up: deviations of benign subjects come in runs. */
  readonly clusterWindows: number;
  /** Windows without a deviation after which the next one is an alarm of its own. */
  readonly quietWindows: number;
}

/**
 * The p-value at which a window alarms, so that a benign subject alarms as often as was asked for: the windows of a day
 * share the alarms of a day, and one alarm takes several windows, since what is smoothed deviates in runs.
 *
 * @param perSubjectDay - false alarms that one subject may raise a day, above 0
 * @param windowMs - length of a window, ms
 * @param clusterWindows - windows that one false alarm comes to
 * @returns above 0, at most 0.05
 * @example
 * alarmPValue(0.01, 60_000, 3); // 0.0000208: three windows in 100 days of 1440 windows
 */
export const alarmPValue = (perSubjectDay: number, windowMs: number, clusterWindows: number): number =>
  Math.min(0.05, (perSubjectDay * clusterWindows * windowMs) / dayMs);

/** Counts alarms of one subject: deviations with less than `quietWindows` between them are one. */
export const createAlarmCounter = (quietWindows: number) => {
  let last = Number.NEGATIVE_INFINITY;
  const counted = { windows: 0, alarms: 0 };
  return {
    counted,
    /** @param window - number of the window */
    deviation(window: number): boolean {
      const begins = window - last > quietWindows;
      if (begins) counted.alarms++;
      counted.windows++;
      last = window;
      return begins;
    },
  };
};
