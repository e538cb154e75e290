import { concatMap, type OperatorFunction } from 'rxjs';
import type { Contribution } from '../schemas/generated/index.ts';
import type { FeaturizedBatch, ScoredBatch, WindowScore } from './batch.ts';
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
  score(vectors: Float32Array, states: Float32Array, times: Float64Array, n: number): Promise<ScoreColumns>;
}

/** Scores at or above this are explained; below, nothing happened that needs it. */
const explainedFrom = 0.2;
const explainedFeatures = 3;

/**
 * Score closed windows. Rounds hold each subject once at most, so that its windows are scored in their order; the
 * model's rows do not influence one another, so neither do batches.
 *
 * @param model - the model, whose state lies in `state`
 * @param state - the partition's subjects
 */
export const score = (model: WindowModel, state: KeyedState): OperatorFunction<FeaturizedBatch, ScoredBatch> => {
  const { size } = model.spec;
  const { stateSize } = model;

  const scoreRound = async (batch: FeaturizedBatch, rows: readonly number[], scores: (WindowScore | undefined)[]) => {
    const n = rows.length;
    const vectors = new Float32Array(n * size);
    const states = new Float32Array(n * stateSize);
    const times = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const row = rows[i]!;
      const { slot, windowEnd } = batch.events[row]!;
      vectors.set(batch.vectors.subarray(row * size, (row + 1) * size), i * size);
      states.set(state.model.subarray(slot * stateSize, (slot + 1) * stateSize), i * stateSize);
      times[i] = windowEnd;
    }
    const columns = await model.score(vectors, states, times, n);
    for (let i = 0; i < n; i++) {
      const row = rows[i]!;
      state.model.set(states.subarray(i * stateSize, (i + 1) * stateSize), batch.events[row]!.slot * stateSize);
      scores[row] = {
        score: columns.score[i]!,
        severity: columns.severity[i]!,
        frequency: columns.frequency[i]!,
        pValue: columns.pValue[i]!,
        statistic: columns.statistic[i]!,
        learning: columns.learning[i] === 1,
        ...(columns.strayed ? { strayed: columns.strayed[i]!, strayedFeature: columns.strayedFeature?.(i) ?? '' } : {}),
        ...(columns.parts ? { parts: columns.parts.subarray(i * size, (i + 1) * size) } : {}),
        contributions: columns.score[i]! >= explainedFrom ? columns.contributions(i, explainedFeatures) : [],
      };
    }
  };

  return concatMap(async (batch) => {
    const scores: (WindowScore | undefined)[] = new Array(batch.events.length).fill(undefined);
    for (const round of rounds(batch)) await scoreRound(batch, round, scores);
    return { ...batch, scores, modelVersion: model.version };
  });
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
