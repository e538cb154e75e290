import { alarmPValue } from '../../operators/raiseAlarms.ts';
import type { Scorer } from '../anomaly/scorer.ts';
import type { Recording } from '../data/index.ts';
import { type ResourceMetric, resourceMetrics } from '../features/resource.ts';
import type { FeatureSpec } from '../features/spec.ts';
import { replaySubjects } from '../training/replay.ts';
import { windowVectors } from '../training/windows.ts';

/** A takeover that grows slowly: metrics are multiplied by a factor that doubles every so many windows. */
export interface FrogAttack {
  readonly metrics: readonly ResourceMetric[];
  /** Windows in which the factor doubles. */
  readonly doublingWindows: number;
  /** First window of the attack. */
  readonly start: number;
  /** The factor grows no further. */
  readonly most: number;
}

/** How far an attack got. */
export interface FrogOutcome {
  readonly recording: string;
  readonly doublingWindows: number;
  /** Windows from the beginning until its anchor, an alarm, or a score above `moderate` tells; undefined for never. */
  readonly windowsToStrayed: number | undefined;
  readonly windowsToAlarm: number | undefined;
  readonly windowsToModerate: number | undefined;
  /** Factor reached by then, or at the end. */
  readonly multipleAtStrayed: number;
  readonly multipleAtAlarm: number;
  readonly multipleAtModerate: number;
}

/** What counts as noticed. */
export interface Notice {
  /** `falseAlarmsPerSubjectDay` */
  readonly perSubjectDay: number;
  readonly clusterWindows: number;
  readonly moderate: number;
}

/** Factor of an attack at a window. */
export const frogFactor = ({ doublingWindows, start, most }: FrogAttack, window: number): number =>
  window < start ? 1 : Math.min(most, 2 ** ((window - start) / doublingWindows));

/**
 * Simulate attacks on benign telemetry, a row a window, and see when the live scorer notices. Windows in which the same
 * telemetry without an attack is noticed as well do not count.
 *
 * @param recordings - benign
 * @param attacks - each is tried on each recording
 */
export const simulateFrogs = async (
  scorer: Scorer,
  spec: FeatureSpec,
  recordings: readonly Recording[],
  attacks: readonly FrogAttack[],
  notice: Notice,
): Promise<FrogOutcome[]> => {
  const vectorsOf = (recording: Recording, attack?: FrogAttack): Float32Array => {
    const columns = resourceMetrics.map((metric) =>
      attack?.metrics.includes(metric)
        ? recording.metrics[metric].map((value, window) => value * frogFactor(attack, window))
        : recording.metrics[metric],
    );
    return windowVectors(spec, columns, 0, recording.rows, 1);
  };
  const runs = recordings.flatMap((recording) => [undefined, ...attacks].map((attack) => ({ recording, attack })));
  const subjects = runs.map(({ recording, attack }) => ({
    windows: recording.rows,
    vectors: vectorsOf(recording, attack),
  }));
  const alarmed = runs.map(({ recording }) => new Uint8Array(recording.rows));
  const strayed = runs.map(({ recording }) => new Uint8Array(recording.rows));
  const moderate = runs.map(({ recording }) => new Uint8Array(recording.rows));
  await replaySubjects(scorer, subjects, spec.size, (run, window, scores, row) => {
    const limit = alarmPValue(notice.perSubjectDay, runs[run]!.recording.intervalMs, notice.clusterWindows);
    if (scores.pValue[row]! <= limit) alarmed[run]![window] = 1;
    if (scores.strayed[row]! > 1) strayed[run]![window] = 1;
    if (scores.score[row]! > notice.moderate) moderate[run]![window] = 1;
  });
  const perRecording = attacks.length + 1;
  return runs.flatMap(({ recording, attack }, run) => {
    if (!attack) return [];
    const calm = run - (run % perRecording);
    const firstIn = (flags: readonly Uint8Array[]): number | undefined => {
      for (let window = attack.start; window < recording.rows; window++)
        if (flags[run]![window] && !flags[calm]![window]) return window;
      return undefined;
    };
    const away = firstIn(strayed);
    const alarm = firstIn(alarmed);
    const above = firstIn(moderate);
    return [
      {
        recording: recording.name,
        doublingWindows: attack.doublingWindows,
        windowsToStrayed: away === undefined ? undefined : away - attack.start,
        windowsToAlarm: alarm === undefined ? undefined : alarm - attack.start,
        windowsToModerate: above === undefined ? undefined : above - attack.start,
        multipleAtStrayed: frogFactor(attack, away ?? recording.rows - 1),
        multipleAtAlarm: frogFactor(attack, alarm ?? recording.rows - 1),
        multipleAtModerate: frogFactor(attack, above ?? recording.rows - 1),
      },
    ];
  });
};
