/** Windows without a deviation after which the next one is an alarm of its own. */
export const defaultQuietWindows = 60;

/** How alarms of a calibrated model come about. */
export interface AlarmRule {
  /** Windows that one false alarm comes to, 1 and up: deviations of benign subjects come in runs. */
  readonly clusterWindows: number;
  /** Windows without a deviation after which the next one is an alarm of its own. */
  readonly quietWindows: number;
}

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
