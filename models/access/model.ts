import { CarriedNetwork } from '../runtimes/carried.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { breathe, chunks } from './chunks.ts';
import { everybodyLayout } from './everybody.ts';
import { accessFeatures, fillAccessFeatures } from './features.ts';
import { hazardBins, survivalOf } from './hazard.ts';
import { historySize } from './history.ts';
import { encodeInputs, type InputScale, inputCount, type TreeLogits } from './inputs.ts';
import { interceptPlaces, keepPromises, learnIntercepts } from './intercepts.ts';
import { bent, dayBin } from './join.ts';
import { type HazardWeights, hazardNetwork } from './network.ts';
import { calibrated, logit, type Platt, sigmoid } from './platt.ts';
import type { Population } from './population.ts';
import type { AccessForecast, AccessPredictor } from './predictor.ts';
import { likeliestReturn, returnBins, returnChances, returnFeatureCount } from './returns.ts';
import { type Trees, treesLogit } from './trees.ts';

/** How the parts of a model are joined. */
export interface AccessCalibration {
  readonly scale: InputScale;
  /** Share of the network in the mean of both logits. */
  readonly networkShare: { readonly hour: number; readonly day: number };
  readonly hour: Platt;
  readonly day: Platt;
  /** Hours to either side within which a return is to fall. */
  readonly returnReachHours: number;
}

/** Everything that is learned. */
export interface AccessParts {
  readonly members: readonly HazardWeights[];
  readonly trees: { readonly hour: Trees; readonly day: Trees; readonly returns: Trees };
  readonly calibration: AccessCalibration;
}

/** Which parts take part, for the tables that show what each is worth. */
export type AccessPart = 'both' | 'network' | 'trees';

/**
 * The trained model at work: trees say what they make of each hour alone, and the recurrent network, which reads that beside
 * its other inputs, what it makes of their sequence; both are joined by the mean of their logits and calibrated.
 */
export class AccessModel implements AccessPredictor {
  readonly name: string;
  readonly carried: { readonly pair: number; readonly all: number };
  readonly #parts: AccessParts;
  readonly #network: CarriedNetwork;
  readonly #part: AccessPart;

  private constructor(name: string, parts: AccessParts, network: CarriedNetwork, part: AccessPart) {
    this.name = name;
    this.carried = { pair: network.stateSize + interceptPlaces.pair, all: interceptPlaces.all };
    this.#parts = parts;
    this.#network = network;
    this.#part = part;
  }

  /**
   * @param runtime executes the network
   * @param part which parts take part; others than `both` are for comparisons
   */
  static async create(
    name: string,
    parts: AccessParts,
    runtime: Runtime,
    part: AccessPart = 'both',
  ): Promise<AccessModel> {
    return new AccessModel(name, parts, await CarriedNetwork.create(runtime, hazardNetwork(parts.members)), part);
  }

  async forecast(population: Population, pairs: readonly string[]): Promise<readonly AccessForecast[]> {
    const own = population.shared.subarray(everybodyLayout.size);
    const states = pairs.map((pair) => population.stateOf(pair));
    const from = historySize + this.#network.stateSize;
    const promised = states.map((state) => state.subarray(from, from + interceptPlaces.pair));
    learnIntercepts(own, states, promised, population.hour);
    const forecasts: AccessForecast[] = [];
    for (const chunk of chunks(pairs)) {
      forecasts.push(...(await this.#forecastSome(population, chunk, own)));
      await breathe();
    }
    keepPromises(own, promised, forecasts, population.hour);
    return forecasts;
  }

  async #forecastSome(population: Population, pairs: readonly string[], own: Float32Array): Promise<AccessForecast[]> {
    const n = pairs.length;
    const { size } = accessFeatures;
    const { stateSize, outputSizes } = this.#network;
    const states = pairs.map((pair) => population.stateOf(pair));
    const x = new Float32Array(n * size);
    const inputs = new Float32Array(n * inputCount);
    const carried = new Float32Array(n * stateSize);
    const { trees, calibration } = this.#parts;
    const byTrees = states.map((state, row): TreeLogits => {
      fillAccessFeatures(state, population.shared, population.calendar, x, row * size);
      const logits = { hour: treesLogit(trees.hour, x, row * size), day: treesLogit(trees.day, x, row * size) };
      encodeInputs(calibration.scale, x, row * size, inputs, row * inputCount, logits);
      carried.set(state.subarray(historySize, historySize + stateSize), row * stateSize);
      return logits;
    });
    const outputs = outputSizes.map((floats) => new Float32Array(n * floats));
    await this.#network.step(inputs, carried, outputs, n);
    states.forEach((state, row) => {
      state.set(carried.subarray(row * stateSize, (row + 1) * stateSize), historySize);
    });
    return byTrees.map((logits, row) => this.#join(outputs, row, logits, own));
  }

  #join(outputs: readonly Float32Array[], row: number, trees: TreeLogits, own: Float32Array): AccessForecast {
    const { calibration } = this.#parts;
    const logits = meanLogits(outputs, row);
    const survival = survivalOf(logits);
    const joined = (network: number, tree: number, share: number): number => {
      const weight = this.#part === 'both' ? share : this.#part === 'network' ? 1 : 0;
      return weight * network + (1 - weight) * tree;
    };
    const hour = joined(logits[0]!, trees.hour, calibration.networkShare.hour);
    const day = joined(logit(1 - survival[dayBin]!), trees.day, calibration.networkShare.day);
    const within = (platt: Platt, z: number, intercept: number) => sigmoid(calibrated(platt, z) + intercept);
    return bent(
      survival,
      within(calibration.hour, hour, own[interceptPlaces.hour]!),
      within(calibration.day, day, own[interceptPlaces.day]!),
    );
  }

  returnAfter({ x }: { readonly x: Float32Array }): number {
    const { trees, calibration } = this.#parts;
    const logits = Array.from({ length: returnBins }, (_, bin) =>
      treesLogit(trees.returns, x, bin * returnFeatureCount),
    );
    return likeliestReturn(returnChances(logits), calibration.returnReachHours);
  }

  close(): Promise<void> {
    return this.#network.close();
  }
}

/** Mean of the members' logits of one row. */
export const meanLogits = (outputs: readonly Float32Array[], row: number): Float64Array => {
  const logits = new Float64Array(hazardBins);
  for (const output of outputs)
    for (let bin = 0; bin < hazardBins; bin++) logits[bin]! += output[row * hazardBins + bin]! / outputs.length;
  return logits;
};
