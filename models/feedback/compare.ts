import type { AnomalyScores } from '../anomaly/scores.ts';
import type { Thresholds } from '../training/evaluate.ts';
import { replaySubjects } from '../training/replay.ts';
import type { TimedSubject } from '../training/telemetry/gather.ts';
import type { JudgedStretch } from './judged.ts';
import { isAttack, judgedOutcomes } from './outcomes.ts';
import type { ComparedFigures, Comparison, LostAttack } from './reportSchema.ts';

/** A model as a comparison needs it. */
export interface ComparedModel {
  readonly version: string;
  readonly stateSize: number;
  readonly spec: { readonly size: number };
  score(
    vectors: Float32Array,
    states: Float32Array,
    times: Float64Array,
    n: number,
    cohorts?: readonly (string | undefined)[],
  ): Promise<AnomalyScores>;
}

/** What models are compared on. */
export interface ComparisonData {
  /** Judged stretches that the challenger has not learned from. */
  readonly heldOut: readonly JudgedStretch[];
  /** All judged stretches, those that it has learned from included. */
  readonly judged: readonly JudgedStretch[];
  readonly unlabelled: readonly TimedSubject[];
  readonly thresholds: Thresholds;
}

/** How much alarms on unlabelled telemetry may rise: by a factor and by a share of windows, for attacks may be among them. */
export interface Tolerance {
  readonly factor: number;
  readonly share: number;
}

const defaultTolerance: Tolerance = { factor: 1.25, share: 0.002 };

/** See {@link reach}. */
export interface Reached {
  readonly highest: number;
  readonly alarmed: number;
  readonly windows: number;
  /** Runs of windows above the threshold. */
  readonly episodes: number;
}

/** Highest score, and windows above a threshold, of each subject from the first judged window on. */
export const reach = async (
  model: ComparedModel,
  subjects: readonly (TimedSubject & { judgedFrom?: number })[],
  threshold: number,
): Promise<Reached[]> => {
  const reached = subjects.map(() => ({ highest: 0, alarmed: 0, windows: 0, episodes: 0, inAlarm: false }));
  const scorer = {
    score: model.score.bind(model),
    layout: { size: model.stateSize } as Parameters<typeof replaySubjects>[0]['layout'],
  };
  await replaySubjects(scorer, subjects, model.spec.size, (subject, window, scores, row) => {
    if (window < (subjects[subject]!.judgedFrom ?? 0) || scores.learning[row] === 1) return;
    const one = reached[subject]!;
    const score = scores.score[row]!;
    one.highest = Math.max(one.highest, score);
    one.windows++;
    const alarm = score > threshold;
    if (alarm) one.alarmed++;
    if (alarm && !one.inAlarm) one.episodes++;
    one.inAlarm = alarm;
  });
  return reached;
};

const measure = async (model: ComparedModel, { heldOut, judged, unlabelled, thresholds }: ComparisonData) => {
  const { moderate } = thresholds;
  const held = await reach(model, heldOut, moderate);
  const rest = await reach(model, unlabelled, moderate);
  const all = await reach(model, judged, moderate);
  const count = (attack: boolean, test: (one: Reached) => number): number =>
    held.reduce((sum, one, i) => sum + (isAttack(heldOut[i]!) === attack ? test(one) : 0), 0);
  const figures: ComparedFigures = {
    attacks: count(true, () => 1),
    attacksDetected: count(true, ({ highest }) => (highest > moderate ? 1 : 0)),
    labelledAttacks: judged.filter(isAttack).length,
    labelledAttacksDetected: all.filter(({ highest }, i) => isAttack(judged[i]!) && highest > moderate).length,
    benign: count(false, () => 1),
    benignAlarmed: count(false, ({ highest }) => (highest > moderate ? 1 : 0)),
    benignAlarmedWindows: count(false, ({ alarmed }) => alarmed),
    benignEpisodes: count(false, ({ episodes }) => episodes),
    unlabelledWindows: rest.reduce((sum, { windows }) => sum + windows, 0),
    unlabelledAlarmed: rest.reduce((sum, { alarmed }) => sum + alarmed, 0),
    unlabelledEpisodes: rest.reduce((sum, { episodes }) => sum + episodes, 0),
  };
  return { figures, highest: all.map(({ highest }) => highest) };
};

/**
 * Whether a challenger wins. It does when, on judged stretches that it has not learned from, it raises fewer false alarms
 * without detecting fewer attacks, or detects more attacks without more false alarms; when its alarms on unlabelled
 * telemetry do not rise noticeably; and when it loses no attack that analysts know of and the champion shows.
 *
 * @param lost - judged attacks that the champion shows and the challenger does not
 */
export const verdictOn = (
  a: ComparedFigures,
  b: ComparedFigures,
  lost: readonly LostAttack[],
  tolerance = defaultTolerance,
): Pick<Comparison, 'wins' | 'reasons'> => {
  const against: string[] = [];
  const object = (fails: boolean, why: string): unknown => fails && against.push(why);
  object(
    a.attacks + a.benign === 0,
    'There are no judged stretches beyond those that the challenger learned from: give more labels',
  );
  object(
    lost.length > 0,
    `The challenger loses ${lost.length} labelled ${lost.length === 1 ? 'attack' : 'attacks'} that the champion shows`,
  );
  object(
    b.attacksDetected < a.attacksDetected,
    `It detects ${b.attacksDetected} of ${b.attacks} held-out attacks, the champion ${a.attacksDetected}`,
  );
  const falseAlarms = (figures: ComparedFigures): string =>
    `${figures.benignAlarmed} of ${figures.benign} held-out benign stretches (${figures.benignAlarmedWindows} windows)`;
  const worse = b.benignAlarmed > a.benignAlarmed;
  object(worse, `It raises alarms in ${falseAlarms(b)}, the champion in ${falseAlarms(a)}`);
  const limit = a.unlabelledAlarmed * tolerance.factor + tolerance.share * a.unlabelledWindows;
  object(
    b.unlabelledAlarmed > limit,
    `Its alarms on unlabelled telemetry rise from ${a.unlabelledAlarmed} to ${b.unlabelledAlarmed} of ${b.unlabelledWindows} windows`,
  );
  const fewer =
    b.benignAlarmed < a.benignAlarmed ||
    (b.benignAlarmed === a.benignAlarmed && b.benignAlarmedWindows < a.benignAlarmedWindows);
  const more = b.attacksDetected > a.attacksDetected;
  object(against.length === 0 && !fewer && !more, 'It is no better than the champion on held-out judged stretches');
  const wins = against.length === 0;
  const forIt = [
    ...(fewer ? [`False alarms fall from ${falseAlarms(a)} to ${falseAlarms(b)}`] : []),
    ...(more
      ? [`It detects ${b.attacksDetected} of ${b.attacks} held-out attacks, the champion ${a.attacksDetected}`]
      : []),
    `It loses no labelled attack`,
  ];
  return { wins, reasons: wins ? forIt : against };
};

/** Compare a challenger with the champion; see {@link verdictOn}. */
export const compareModels = async (
  champion: ComparedModel,
  challenger: ComparedModel,
  data: ComparisonData,
): Promise<Comparison> => {
  const before = await measure(champion, data);
  const after = await measure(challenger, data);
  const { moderate } = data.thresholds;
  const outcomes = judgedOutcomes(data.judged, data.heldOut, before.highest, after.highest, moderate);
  return {
    ...verdictOn(before.figures, after.figures, outcomes.lost),
    ...outcomes,
    threshold: moderate,
    champion: before.figures,
    challenger: after.figures,
  };
};
