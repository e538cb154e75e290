import type { FeatureSpec } from '../features/spec.ts';
import type { Network } from '../networks/network.ts';
import type { CompiledStep, Runtime } from '../runtimes/runtime.ts';
import { type Calibration, surprise } from './calibration.ts';
import type { AnomalyParameters } from './parameters.ts';
import { createReference, type Reference } from './reference.ts';
import {
  type AnomalyScores,
  allocateScores,
  countDeviation,
  joinScore,
  round6,
  severityOf,
  statisticOf,
  strayedScoreOf,
} from './scores.ts';
import { type StateLayout, stateLayout } from './state.ts';
import { createTracker, type Observation, type Tracker } from './tracker.ts';

/** Everything that scoring needs, in memory. */
export interface ScorerParts {
  readonly spec: FeatureSpec;
  readonly metricCount: number;
  readonly parameters: AnomalyParameters;
  readonly calibration: Calibration;
  readonly network: Network;
  readonly runtime: Runtime;
  /** Length of a window, ms; 0 to learn it from each subject. */
  readonly windowMs?: number;
}

/** Per row the function that the subject is an instance of; undefined, or no entry, where that is not known. */
export type Cohorts = readonly (string | undefined)[];

const noCohorts: Cohorts = [];

/** Called for each row before its score is made; calibration collects what it sees. */
export type Watch = (observation: Observation, statistic: number, row: number) => void;

/** Scores windows, one step of the network each. */
export class Scorer {
  readonly layout: StateLayout;
  readonly #parts: ScorerParts;
  readonly #step: CompiledStep;
  readonly #tracker: Tracker;
  readonly #surprise: ReturnType<typeof surprise>;
  readonly #reference: Reference;
  readonly #watch: Watch | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(parts: ScorerParts, layout: StateLayout, step: CompiledStep, watch?: Watch) {
    this.layout = layout;
    this.#parts = parts;
    this.#step = step;
    this.#watch = watch;
    this.#surprise = surprise(parts.calibration);
    const { spec, metricCount, parameters, calibration } = parts;
    this.#reference = createReference(layout, parameters);
    this.#tracker = createTracker(spec.size, metricCount, layout, parameters, calibration.energies, parts.windowMs);
  }

  /** Compile the network and make a scorer. */
  static async create(parts: ScorerParts, watch?: Watch): Promise<Scorer> {
    const { spec, metricCount, parameters, runtime, network } = parts;
    const layout = stateLayout(spec.size, metricCount, parameters.hidden);
    return new Scorer(parts, layout, await runtime.compileStep(network, parameters.batch), watch);
  }

  /** See {@link AnomalyModel.score}. Calls wait for one another, since the buffers of the network are shared. */
  score(
    vectors: Float32Array,
    states: Float32Array,
    times: Float64Array,
    n: number,
    cohorts: Cohorts = noCohorts,
  ): Promise<AnomalyScores> {
    const { size } = this.#parts.spec;
    if (vectors.length < n * size || states.length < n * this.layout.size || times.length < n)
      throw new RangeError(
        `Buffers are too short for ${n} rows of ${size} features and ${this.layout.size} state floats`,
      );
    const rows = Int32Array.from({ length: n }, (_, row) => row);
    return this.scoreRows(vectors, rows, states, rows, times, n, cohorts);
  }

  /** See {@link AnomalyModel.scoreRows}. */
  scoreRows(
    vectors: Float32Array,
    vectorRows: Int32Array,
    states: Float32Array,
    stateRows: Int32Array,
    times: Float64Array,
    n: number,
    cohorts: Cohorts = [],
  ): Promise<AnomalyScores> {
    const result = this.#tail.then(() => this.#scoreAll(vectors, vectorRows, states, stateRows, times, n, cohorts));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async #scoreAll(
    vectors: Float32Array,
    vectorRows: Int32Array,
    states: Float32Array,
    stateRows: Int32Array,
    times: Float64Array,
    n: number,
    cohorts: Cohorts,
  ): Promise<AnomalyScores> {
    const { spec, metricCount, parameters } = this.#parts;
    const scores = allocateScores(n, spec, metricCount);
    const { batch } = parameters;
    const stateSize = this.layout.size;
    for (let from = 0; from < n; from += batch) {
      const to = Math.min(n, from + batch);
      for (let row = from; row < to; row++)
        this.#observe(
          row,
          row - from,
          vectors,
          vectorRows[row]! * spec.size,
          states,
          stateRows[row]! * stateSize,
          times[row]!,
          cohorts[row],
          scores,
        );
      await this.#step.run();
      for (let row = from; row < to; row++) this.#carry(states, stateRows[row]! * stateSize, row - from);
    }
    return scores;
  }

  #observe(
    row: number,
    slot: number,
    vectors: Float32Array,
    vectorAt: number,
    states: Float32Array,
    offset: number,
    time: number,
    cohort: string | undefined,
    scores: ReturnType<typeof allocateScores>,
  ): void {
    const { layout } = this;
    const { spec, parameters } = this.#parts;
    const { size } = spec;
    const [x, carried] = this.#step.inputs as [Float32Array, Float32Array];
    const inputs = x.length / parameters.batch;
    const observation = this.#tracker.observe(
      vectors,
      vectorAt,
      states,
      offset,
      time,
      x,
      slot * inputs,
      scores.parts,
      row * size,
      scores.expected,
    );
    const { observed } = scores;
    for (let i = 0; i < size; i++) observed[row * size + i] = vectors[vectorAt + i]!;
    // The cell state stands behind the hidden one, in a subject's state as in the network's.
    const floats = 2 * parameters.hidden;
    for (let i = 0; i < floats; i++) carried[slot * floats + i] = states[offset + layout.hidden + i]!;
    const statistic = statisticOf(states, offset + layout.smoothed);
    scores.statistic[row] = round6(statistic);
    scores.elapsed[row] = observation.elapsed;
    if (observation.seen < parameters.minHistory) {
      scores.pValue[row] = 1;
      scores.cohortP[row] = 1;
      scores.learning[row] = 1;
      return;
    }
    this.#watch?.(observation, statistic, row);
    const ofCohort = this.#surprise.of(statistic, observation.seen, observation.judged, cohort);
    const strange = this.#reference.of(states, offset, ofCohort);
    scores.cohortP[row] = 10 ** -ofCohort;
    const severity = severityOf(strange, parameters);
    const surprises = { own: strange, cohort: ofCohort };
    const frequency = countDeviation(states, offset, layout, observation, surprises, parameters);
    scores.pValue[row] = 10 ** -strange;
    scores.severity[row] = round6(severity);
    scores.frequency[row] = round6(frequency);
    scores.strayed[row] = round6(observation.strayed);
    scores.strayedMetric[row] = observation.strayedMetric;
    const joined = joinScore(severity, frequency, parameters);
    scores.score[row] = round6(Math.max(joined, strayedScoreOf(observation.strayed, parameters)));
  }

  #carry(states: Float32Array, offset: number, slot: number): void {
    const { layout } = this;
    const { size } = this.#parts.spec;
    const [mean, inverseScale, next] = this.#step.outputs as [Float32Array, Float32Array, Float32Array];
    for (let feature = 0; feature < size; feature++) {
      states[offset + layout.forecast + feature] = mean[slot * size + feature]!;
      states[offset + layout.inverseScale + feature] = inverseScale[slot * size + feature]!;
    }
    const floats = 2 * this.#parts.parameters.hidden;
    for (let i = 0; i < floats; i++) states[offset + layout.hidden + i] = next[slot * floats + i]!;
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#step.close();
  }
}
