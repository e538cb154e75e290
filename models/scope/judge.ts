import { readyCurve, surpriseAt } from '../calibration/curve.ts';
import { CarriedNetwork } from '../runtimes/carried.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { scopeFeatures } from './features.ts';
import { linearOf, ranksOf, type ScopePart, type ScopeParts } from './head.ts';
import { scopeNetwork } from './network.ts';

/** Windows of a credential before trained parts judge it: of fewer, calls are too few to say how it moves. */
export const warmUpWindows = 2;

/** Rows that the network steps at once. */
const batch = 16;

/** What the trained parts say of a window. */
export interface Trained {
  /** −log10 of the share of benign windows that are at least as strange, by the part that finds it strangest. */
  readonly surprise: number;
  readonly statistic: number;
  readonly linear: number;
  readonly network: number;
  /** What each feature adds to the statistic. */
  readonly parts: Float64Array;
  /** To carry into the next window: state of the network, and without labels what it expects of that window. */
  readonly carried: Float32Array;
}

/** Judges by one part. */
class PartJudge {
  readonly #head: ScopePart['head'];
  readonly #network: CarriedNetwork;
  readonly #surprise: (statistic: number) => number;

  private constructor(head: ScopePart['head'], network: CarriedNetwork) {
    this.#head = head;
    this.#network = network;
    const curve = readyCurve(head.curve);
    this.#surprise = (statistic) => surpriseAt(curve, statistic);
  }

  static async create({ head, network }: ScopePart, runtime: Runtime): Promise<PartJudge> {
    return new PartJudge(head, await CarriedNetwork.create(runtime, scopeNetwork(network), batch));
  }

  /** Floats that are carried from window to window. */
  get carriedSize(): number {
    const {
      stateSize,
      outputSizes: [outputs = 0],
    } = this.#network;
    return this.#head.supervised ? stateSize : stateSize + outputs;
  }

  /**
   * Judge one window each of some credentials; rows do not influence one another.
   *
   * @param vectors - as `scopeVector` makes them
   * @param carried - of each what the window before left; of a length that is not this model's, as empty, it begins anew
   */
  async judge(vectors: readonly Float64Array[], carried: readonly Float32Array[]): Promise<Trained[]> {
    const n = vectors.length;
    const { size } = scopeFeatures;
    const {
      stateSize,
      outputSizes: [outputs = 0],
    } = this.#network;
    const whole = this.carriedSize;
    const ranks = vectors.map((vector) => ranksOf(this.#head, vector));
    const inputs = new Float32Array(n * size);
    const states = new Float32Array(n * stateSize);
    const out = new Float32Array(n * outputs);
    ranks.forEach((row, i) => {
      inputs.set(row, i * size);
      if (carried[i]!.length === whole) states.set(carried[i]!.subarray(0, stateSize), i * stateSize);
    });
    await this.#network.step(inputs, states, [out], n);
    return vectors.map((vector, i) => {
      const state = states.slice(i * stateSize, (i + 1) * stateSize);
      const output = out.subarray(i * outputs, (i + 1) * outputs);
      if (this.#head.supervised) return this.#supervised(ranks[i]!, output[0]!, state);
      const expected =
        carried[i]!.length === whole ? carried[i]!.subarray(stateSize) : new Float32Array(ranks[i]!.length);
      const both = new Float32Array(whole);
      both.set(state);
      both.set(output, stateSize);
      return this.#usual(vector, ranks[i]!, expected, both);
    });
  }

  close(): Promise<void> {
    return this.#network.close();
  }

  #supervised(ranks: Float32Array, network: number, carried: Float32Array): Trained {
    const { linear: weights, join } = this.#head;
    const [constant, byLinear, byNetwork] = join;
    const linear = linearOf(weights, ranks);
    const parts = Float64Array.from(ranks, (rank, i) => byLinear * weights[i + 1]! * rank);
    const statistic = constant + byLinear * linear + byNetwork * network;
    return { surprise: this.#surprise(statistic), statistic, linear, network, parts, carried };
  }

  #usual(vector: Float64Array, ranks: Float32Array, expected: Float32Array, carried: Float32Array): Trained {
    const parts = new Float64Array(ranks.length);
    let sum = 0;
    let counted = 0;
    for (let i = 0; i < ranks.length; i++) {
      if (!this.#head.used[i] || Number.isNaN(vector[i]!)) continue;
      parts[i] = (ranks[i]! - expected[i]!) ** 2;
      sum += parts[i]!;
      counted++;
    }
    const statistic = Math.log(Math.max(sum / Math.max(counted, 1), 1e-6));
    return { surprise: this.#surprise(statistic), statistic, linear: 0, network: statistic, parts, carried };
  }
}

/**
 * Statistics of windows by trained parts.
 *
 * With labels: log-odds of the linear part and of the network, joined. Without: how far the window lies from what the
 * network expected after the ones before, as the logarithm of the mean squared distance in ranks. Where there are both, the
 * one counts that finds the window stranger, each by its own calibration.
 */
export class ScopeJudge {
  readonly #first: PartJudge;
  readonly #usual: PartJudge | undefined;

  private constructor(first: PartJudge, usual: PartJudge | undefined) {
    this.#first = first;
    this.#usual = usual;
  }

  /** @param runtime - executes the networks */
  static async create(parts: ScopeParts, runtime: Runtime): Promise<ScopeJudge> {
    const usual = parts.usual && (await PartJudge.create(parts.usual, runtime));
    return new ScopeJudge(await PartJudge.create(parts, runtime), usual);
  }

  /**
   * Judge one window each of some credentials; rows do not influence one another.
   *
   * @param vectors - as `scopeVector` makes them
   * @param carried - of each what the window before left; of a length that is not this model's, as empty, it begins anew
   */
  async judge(vectors: readonly Float64Array[], carried: readonly Float32Array[]): Promise<Trained[]> {
    const usual = this.#usual;
    if (!usual) return this.#first.judge(vectors, carried);
    const at = this.#first.carriedSize;
    const fits = (it: Float32Array): boolean => it.length === at + usual.carriedSize;
    const cut = (from: number, to?: number) =>
      carried.map((it) => (fits(it) ? it.subarray(from, to) : new Float32Array(0)));
    const byLabels = await this.#first.judge(vectors, cut(0, at));
    const byUsual = await usual.judge(vectors, cut(at));
    return byLabels.map((one, i) => {
      const other = byUsual[i]!;
      const both = new Float32Array(at + usual.carriedSize);
      both.set(one.carried);
      both.set(other.carried, at);
      return other.surprise > one.surprise
        ? { ...one, surprise: other.surprise, parts: other.parts, carried: both }
        : { ...one, carried: both };
    });
  }

  async close(): Promise<void> {
    await this.#first.close();
    await this.#usual?.close();
  }
}

/**
 * Judge whole sequences, side by side.
 *
 * @param sequences - vectors of each, in the order of time
 * @returns by sequence, by window
 */
export const judgeSequences = async (
  judge: ScopeJudge,
  sequences: readonly (readonly Float64Array[])[],
): Promise<Trained[][]> => {
  const found: Trained[][] = sequences.map(() => []);
  const steps = Math.max(0, ...sequences.map(({ length }) => length));
  for (let step = 0; step < steps; step++) {
    const rows = [...sequences.keys()].filter((i) => step < sequences[i]!.length);
    const judged = await judge.judge(
      rows.map((i) => sequences[i]![step]!),
      rows.map((i) => found[i]!.at(-1)?.carried ?? new Float32Array(0)),
    );
    rows.forEach((i, row) => {
      found[i]!.push(judged[row]!);
    });
  }
  return found;
};
