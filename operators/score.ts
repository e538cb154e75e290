import { concatMap, type OperatorFunction } from 'rxjs';
import type { Contribution } from '../schemas/generated/index.ts';
import type { Challenge, FeaturizedBatch, Joined, ScoredBatch, WindowEvent, WindowScore } from './batch.ts';
import type { KeyedState } from './keyedState.ts';

/** Scores of some windows, one entry a row; see `models/anomaly`. */
export interface ScoreColumns {
  readonly score: Float64Array;
  readonly severity: Float64Array;
  readonly frequency: Float64Array;
  readonly pValue: Float64Array;
  readonly statistic: Float64Array;
  readonly learning: Uint8Array;
  contributions(row: number, top: number): Contribution[];
  /** Distance above the anchor in limits, above 1 where a subject has strayed, and the feature it is of. */
  readonly strayed?: Float64Array;
  strayedFeature?(row: number): string;
  /** Rows × features: each feature's part in the statistic. */
  readonly parts?: Float32Array;
}

/** How deviations of benign subjects come in runs, by the model's calibration. */
export interface AlarmRule {
  /** Windows that one false alarm comes to, 1 and up. */
  readonly clusterWindows: number;
  /** Windows without a deviation after which the next one is an alarm of its own. */
  readonly quietWindows: number;
}

/** A model with carried state: one step a window. */
export interface WindowModel {
  readonly version: string;
  readonly spec: { readonly size: number; readonly features?: readonly { readonly name: string }[] };
  /** @default each deviation is an alarm */
  readonly alarms?: AlarmRule;
  readonly stateSize: number;
  /** Functions whose instances it calibrates apart. @default none */
  readonly cohorts?: ReadonlySet<string>;
  score(
    vectors: Float32Array,
    states: Float32Array,
    times: Float64Array,
    n: number,
    cohorts?: readonly (string | undefined)[],
  ): Promise<ScoreColumns>;
}

/** The models that score somewhere in the stream. */
export interface ModelsInForce {
  /** Its scores decide. */
  readonly champion: WindowModel;
  /** Scores beside it, for comparison; nothing comes of that. */
  readonly challenger?: WindowModel;
}

/** What scoring is to know of models beyond the configured one. */
export interface ModelChoice {
  /** The models as of what is in force; the configured one where this is absent. */
  inForce(joined: Joined): ModelsInForce;
  /** Told when a challenger failed: its scores of that batch are missing, and nothing else. */
  challengerFailed(version: string, error: unknown): void;
}

/** Scores at or above this are explained; below, nothing happened that needs it. */
const explainedFrom = 0.2;
const explainedFeatures = 3;

/**
 * Score closed windows with the models in force where each closed. Rounds hold each subject once at most, so that its
 * windows are scored in their order; a model's rows do not influence one another, so neither do batches.
 *
 * A model's state of a subject goes on as long as that model, as champion or challenger, scores every window of the
 * subject, and else begins anew: a challenger that is promoted knows what it saw as a challenger.
 *
 * @param model - the configured model
 * @param state - the partition's subjects
 * @param choice - which models are in force; the configured one everywhere when absent
 * @param functionOf - the function that a subject is an instance of, as of a place in the stream
 */
export const score = (
  model: WindowModel,
  state: KeyedState,
  choice?: ModelChoice,
  functionOf: (subject: string, joined: Joined) => string | undefined = () => undefined,
): OperatorFunction<FeaturizedBatch, ScoredBatch> => {
  const configured: ModelsInForce = { champion: model };

  const cohortOf = ({ subject, joined }: WindowEvent): string | undefined => functionOf(subject, joined);

  const scoreRows = async (
    scorer: WindowModel,
    batch: FeaturizedBatch,
    rows: readonly number[],
    found: (row: number, score: WindowScore) => void,
  ) => {
    const { version, stateSize } = scorer;
    const { size } = scorer.spec;
    const n = rows.length;
    const vectors = new Float32Array(n * size);
    const states = new Float32Array(n * stateSize);
    const times = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const row = rows[i]!;
      const { slot, windowEnd } = batch.events[row]!;
      vectors.set(batch.vectors.subarray(row * size, (row + 1) * size), i * size);
      states.set(state.carried.read(version, stateSize, slot), i * stateSize);
      times[i] = windowEnd;
    }
    const told = (scorer.cohorts?.size ?? 0) > 0;
    const cohorts = told ? rows.map((row) => cohortOf(batch.events[row]!)) : undefined;
    const columns = await scorer.score(vectors, states, times, n, cohorts);
    for (let i = 0; i < n; i++) {
      const row = rows[i]!;
      state.carried.write(version, batch.events[row]!.slot, states.subarray(i * stateSize, (i + 1) * stateSize));
      found(row, {
        score: columns.score[i]!,
        severity: columns.severity[i]!,
        frequency: columns.frequency[i]!,
        pValue: columns.pValue[i]!,
        statistic: columns.statistic[i]!,
        learning: columns.learning[i] === 1,
        ...(columns.strayed ? { strayed: columns.strayed[i]!, strayedFeature: columns.strayedFeature?.(i) ?? '' } : {}),
        ...(columns.parts ? { parts: columns.parts.subarray(i * size, (i + 1) * size) } : {}),
        contributions: columns.score[i]! >= explainedFrom ? columns.contributions(i, explainedFeatures) : [],
      });
    }
  };

  return concatMap(async (batch) => {
    const { length } = batch.events;
    const scores: (WindowScore | undefined)[] = new Array(length).fill(undefined);
    const challenges: (Challenge | undefined)[] = new Array(length).fill(undefined);
    const modelVersions: string[] = new Array(length).fill('');
    const modelsOf = batch.events.map(({ joined }) => choice?.inForce(joined) ?? configured);
    for (const round of rounds(batch)) {
      const champions = new Map<WindowModel, number[]>();
      const challengers = new Map<WindowModel, number[]>();
      for (const row of round) {
        const { champion, challenger } = modelsOf[row]!;
        const versions = challenger ? [champion.version, challenger.version] : [champion.version];
        state.carried.keep(batch.events[row]!.slot, versions);
        modelVersions[row] = champion.version;
        push(champions, champion, row);
        if (challenger) push(challengers, challenger, row);
      }
      for (const [champion, rows] of champions)
        await scoreRows(champion, batch, rows, (row, found) => {
          scores[row] = found;
        });
      for (const [challenger, rows] of challengers) {
        const { version } = challenger;
        try {
          await scoreRows(challenger, batch, rows, (row, found) => {
            challenges[row] = { modelVersion: version, score: found };
          });
        } catch (error) {
          choice?.challengerFailed(version, error);
        }
      }
    }
    return { ...batch, scores, modelVersions, challenges };
  });
};

const push = (rows: Map<WindowModel, number[]>, model: WindowModel, row: number): void => {
  const list = rows.get(model);
  if (list) list.push(row);
  else rows.set(model, [row]);
};

/** Rows of windows, in rounds that hold no subject twice. */
const rounds = ({ events }: FeaturizedBatch): number[][] => {
  const turns = new Map<number, number>();
  const all: number[][] = [];
  for (let row = 0; row < events.length; row++) {
    const { kind, slot } = events[row]!;
    if (kind !== 'window') continue;
    const turn = turns.get(slot) ?? 0;
    turns.set(slot, turn + 1);
    const round = all[turn];
    if (round) round.push(row);
    else all[turn] = [row];
  }
  return all;
};
