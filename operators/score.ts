import { concatMap, type OperatorFunction } from 'rxjs';
import type { Contribution } from '../schemas/generated/index.ts';
import type { Challenge, FeaturizedBatch, Joined, ScoredBatch, WindowScore } from './batch.ts';
import type { KeyedState } from './keyedState.ts';
import type { ModelChoice, ModelsInForce } from './modelChoice.ts';
import { Reused } from './reused.ts';

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
  /**
   * The same of rows that lie anywhere in larger tables, so that nothing is copied: row `i` is row `vectorRows[i]` of
   * `vectors` and row `stateRows[i]` of `states`. Where it fails, states may be half updated.
   */
  scoreRows?(
    vectors: Float32Array,
    vectorRows: Int32Array,
    states: Float32Array,
    stateRows: Int32Array,
    times: Float64Array,
    n: number,
    cohorts?: readonly (string | undefined)[],
  ): Promise<ScoreColumns>;
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
 * Scores are used again for the next batch, once this one has left the chain.
 *
 * @param model - the configured model
 * @param state - the partition's subjects
 * @param choice - which models are in force; the configured one everywhere when absent
 * @param functionOf - the function that a subject is an instance of, as of a place in the stream
 */
export const score = (
  model: WindowModel,
  state: KeyedState,
  choice?: ModelChoice<WindowModel>,
  functionOf: (subject: string, joined: Joined) => string | undefined = () => undefined,
): OperatorFunction<FeaturizedBatch, ScoredBatch> => {
  const configured: ModelsInForce<WindowModel> = { champion: model };
  const { carried } = state;
  const reused = new Reused(newScore);

  /** What the subjects of rows are instances of, where the model wants to know. */
  const cohortsOf = (scorer: WindowModel, { events }: FeaturizedBatch, rows: readonly number[]) =>
    (scorer.cohorts?.size ?? 0) > 0
      ? rows.map((row) => functionOf(events[row]!.subject, events[row]!.joined))
      : undefined;

  /** Score rows where their vectors and states lie. */
  const inPlace = (scorer: WindowModel, batch: FeaturizedBatch, rows: readonly number[]) => {
    const { version, stateSize } = scorer;
    const n = rows.length;
    const vectorRows = new Int32Array(n);
    const stateRows = new Int32Array(n);
    const times = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const row = rows[i]!;
      const { slot, windowEnd } = batch.events[row]!;
      vectorRows[i] = row;
      stateRows[i] = slot;
      times[i] = windowEnd;
      carried.reserve(version, stateSize, slot);
    }
    return scorer.scoreRows!(
      batch.vectors,
      vectorRows,
      carried.valuesOf(version),
      stateRows,
      times,
      n,
      cohortsOf(scorer, batch, rows),
    );
  };

  /** Score copies of vectors and states, and carry the states on once all went well. */
  const inCopies = async (scorer: WindowModel, batch: FeaturizedBatch, rows: readonly number[]) => {
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
      states.set(carried.read(version, stateSize, slot), i * stateSize);
      times[i] = windowEnd;
    }
    const columns = await scorer.score(vectors, states, times, n, cohortsOf(scorer, batch, rows));
    for (let i = 0; i < n; i++)
      carried.write(version, batch.events[rows[i]!]!.slot, states.subarray(i * stateSize, (i + 1) * stateSize));
    return columns;
  };

  const scoreAll = async (batch: FeaturizedBatch): Promise<ScoredBatch> => {
    reused.begin();
    const { events } = batch;
    const { length } = events;
    const scores: (WindowScore | undefined)[] = new Array(length).fill(undefined);
    const challenges: (Challenge | undefined)[] = new Array(length).fill(undefined);
    const modelVersions: string[] = new Array(length).fill('');
    // Windows that close together have the same in force.
    let joined: Joined | undefined;
    let models = configured;
    let versions: readonly string[] = [];
    for (const round of rounds(events)) {
      const champions = new Map<WindowModel, number[]>();
      const challengers = new Map<WindowModel, number[]>();
      for (let i = 0; i < round.length; i++) {
        const row = round[i]!;
        const event = events[row]!;
        if (event.joined !== joined) {
          joined = event.joined;
          models = choice?.inForce(joined) ?? configured;
          const { champion, challenger } = models;
          versions = challenger ? [champion.version, challenger.version] : [champion.version];
        }
        carried.keep(event.slot, versions);
        modelVersions[row] = models.champion.version;
        push(champions, models.champion, row);
        if (models.challenger) push(challengers, models.challenger, row);
      }
      for (const [champion, rows] of champions) {
        const columns = await (champion.scoreRows ? inPlace : inCopies)(champion, batch, rows);
        for (let i = 0; i < rows.length; i++) scores[rows[i]!] = scoreOf(columns, i, champion.spec.size, reused.next());
      }
      for (const [challenger, rows] of challengers) {
        const { version } = challenger;
        try {
          const columns = await inCopies(challenger, batch, rows);
          for (let i = 0; i < rows.length; i++)
            challenges[rows[i]!] = {
              modelVersion: version,
              score: scoreOf(columns, i, challenger.spec.size, reused.next()),
            };
        } catch (error) {
          choice?.challengerFailed(version, error);
        }
      }
    }
    return { ...batch, scores, modelVersions, challenges };
  };

  return concatMap(scoreAll);
};

const unexplained: Contribution[] = [];

type WritableScore = { -readonly [Field in keyof Omit<WindowScore, 'alarm'>]-?: WindowScore[Field] };

const newScore = (): WritableScore => ({
  score: Number.NaN,
  severity: Number.NaN,
  frequency: Number.NaN,
  pValue: Number.NaN,
  statistic: Number.NaN,
  learning: false,
  contributions: unexplained,
  strayed: Number.NaN,
  strayedFeature: undefined,
  parts: undefined,
  partsFrom: 0,
});

/** A row of the columns, written into an object. */
const scoreOf = (columns: ScoreColumns, row: number, size: number, into: WritableScore): WindowScore => {
  const strayed = columns.strayed?.[row] ?? 0;
  into.score = columns.score[row]!;
  into.severity = columns.severity[row]!;
  into.frequency = columns.frequency[row]!;
  into.pValue = columns.pValue[row]!;
  into.statistic = columns.statistic[row]!;
  into.learning = columns.learning[row] === 1;
  into.contributions =
    columns.score[row]! >= explainedFrom ? columns.contributions(row, explainedFeatures) : unexplained;
  into.strayed = strayed;
  into.strayedFeature = strayed > 1 ? columns.strayedFeature?.(row) : undefined;
  into.parts = columns.parts;
  into.partsFrom = row * size;
  return into;
};

const push = (rows: Map<WindowModel, number[]>, model: WindowModel, row: number): void => {
  const list = rows.get(model);
  if (list) list.push(row);
  else rows.set(model, [row]);
};

/** Rows of windows, in rounds that hold no subject twice. */
const rounds = (events: FeaturizedBatch['events']): number[][] => {
  let slots = 0;
  for (let row = 0; row < events.length; row++) slots = Math.max(slots, events[row]!.slot + 1);
  const turns = new Uint32Array(slots);
  const all: number[][] = [];
  for (let row = 0; row < events.length; row++) {
    const { kind, slot } = events[row]!;
    if (kind !== 'window') continue;
    const turn = turns[slot]!++;
    const round = all[turn];
    if (round) round.push(row);
    else all[turn] = [row];
  }
  return all;
};
