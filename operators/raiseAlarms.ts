import { map, type OperatorFunction } from 'rxjs';
import type { Alert, Contribution } from '../schemas/generated/index.ts';
import type { ScoredBatch, WindowEvent, WindowScore } from './batch.ts';
import type { JoinedTopics } from './decideTtl.ts';
import { flag, type KeyedState } from './keyedState.ts';
import type { AlarmRule } from './score.ts';

/** Counts of alarms and drifts; the caller reads and resets them. */
export interface AlarmCounts {
  alarms?: number;
  drifts?: number;
}

const dayMs = 86_400_000;

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

/**
 * Hold the promise of `falseAlarmsPerSubjectDay`: mark the windows that alarm by their p-value, and raise one alert for
 * each run of them. Without the promise in the policy nothing is marked. Subjects that stray from their anchor raise an
 * alert of their own.
 *
 * @param pipeline - name of the pipeline
 * @param state - the partition's subjects
 * @param topics - where the policy comes from
 * @param rule - how deviations of benign subjects cluster, from the model's calibration
 * @param counts - is added to
 */
export const raiseAlarms = (
  pipeline: string,
  state: KeyedState,
  topics: Pick<JoinedTopics, 'orders'>,
  rule: AlarmRule,
  counts: AlarmCounts,
): OperatorFunction<ScoredBatch, ScoredBatch> => {
  const raise = (event: WindowEvent, score: WindowScore, alerts: Alert[]) => {
    counts.alarms = (counts.alarms ?? 0) + 1;
    alerts.push({
      alertId: `anomaly/${pipeline}/${event.subject}/${event.windowEnd}`,
      subject: event.subject,
      pipeline,
      kind: 'anomaly',
      severity: 'warning',
      summary: `${event.subject} deviates, p ${score.pValue.toExponential(1)}${explained(score.contributions)}`,
      decisionId: null,
      at: event.time,
    });
  };

  /** One alert for each time a subject strays; over once it has come half of the way back. */
  const stray = (event: WindowEvent, score: WindowScore, alerts: Alert[]) => {
    const strayed = score.strayed ?? 0;
    const before = (state.flags[event.slot]! & flag.strayed) !== 0;
    if (before && strayed < 0.5) state.flags[event.slot]! &= ~flag.strayed;
    if (before || strayed <= 1) return;
    state.flags[event.slot]! |= flag.strayed;
    if (event.replayed) return;
    alerts.push({
      alertId: `strayed/${pipeline}/${event.subject}/${event.windowEnd}`,
      subject: event.subject,
      pipeline,
      kind: 'strayed',
      severity: 'warning',
      summary: `${event.subject} has slowly moved away from how it began: ${score.strayedFeature ?? ''} lies ${strayed.toFixed(1)} times the allowed distance above its anchor`,
      decisionId: null,
      at: event.time,
    });
  };

  return map((batch) => {
    const alerts: Alert[] = [...(batch.alerts ?? [])];
    const scores = batch.scores.map((score, i) => {
      const event = batch.events[i]!;
      if (!score || score.learning) return score;
      stray(event, score, alerts);
      const { policy } = topics.orders(event.joined, event.time);
      const asked = policy.falseAlarmsPerSubjectDay;
      if (asked === null) return score;
      const alarm = score.pValue <= alarmPValue(asked, policy.windowMs, rule.clusterWindows);
      if (alarm) {
        const last = state.alarmedAt[event.slot]!;
        state.alarmedAt[event.slot] = event.windowEnd;
        const begins = last === 0 || event.windowEnd - last > rule.quietWindows * policy.windowMs;
        if (begins && !event.replayed) raise(event, score, alerts);
      }
      return { ...score, alarm };
    });
    return { ...batch, scores, alerts };
  });
};

const explained = (contributions: readonly Contribution[]): string => {
  const parts = contributions
    .filter(({ direction }) => direction !== '')
    .map(
      ({ feature, direction, observed, expected, unit }) =>
        `${feature} ${observed} ${unit}, ${direction} the expected ${expected}`,
    );
  return parts.length > 0 ? `: ${parts.join('; ')}` : '';
};
