import { accessFeatures } from '../../../models/access/features.ts';
import { fitDefaults, memberOf } from '../../../models/access/fit.ts';
import { hazardBins } from '../../../models/access/hazard.ts';
import { inputCount, treeInputs } from '../../../models/access/inputs.ts';
import type { AccessParts } from '../../../models/access/model.ts';
import { returnFeatureCount } from '../../../models/access/returns.ts';
import { boost } from '../../../models/access/trees.ts';
import { createRandom } from '../../../models/training/random.ts';

/** How large a model is. */
export interface PartsShape {
  /** @default 1 */
  readonly seed?: number;
  readonly members: number;
  /** How many trees, with how many leaves. */
  readonly trees: { readonly hour: readonly [number, number]; readonly day: readonly [number, number] };
}

/** A model of the shape that training makes, its weights by chance: it has learned nothing. */
export const partsByChance = async ({ seed = 1, members, trees }: PartsShape): Promise<AccessParts> => {
  const random = createRandom(seed);
  const floats = (size: number) => Float32Array.from({ length: size }, () => 0.1 * random.normal());
  const { hidden, dense } = fitDefaults;
  const member = () =>
    memberOf(
      [inputCount * 4 * hidden, hidden * 4 * hidden, 4 * hidden, hidden * dense, dense]
        .map(floats)
        .concat([floats((dense + treeInputs) * hazardBins), floats(hazardBins)]),
    );
  const rows = 2000;
  const grown = (features: number, [count, leaves]: readonly [number, number]) =>
    boost(
      { x: floats(rows * features), y: Uint8Array.from({ length: rows }, () => random.integer(0, 2)), features },
      { trees: count, leaves, learningRate: 0.03, leafRows: 10, ridge: 5, rowShare: 0.7, featureShare: 0.25, seed },
    );
  return {
    members: Array.from({ length: members }, member),
    trees: {
      hour: await grown(accessFeatures.size, trees.hour),
      day: await grown(accessFeatures.size, trees.day),
      returns: await grown(returnFeatureCount, [1, 2]),
    },
    calibration: {
      scale: { mean: Array(accessFeatures.size).fill(0), sd: Array(accessFeatures.size).fill(1) },
      networkShare: { hour: 0.5, day: 0.5 },
      hour: { slope: 1, offset: 0 },
      day: { slope: 1, offset: 0 },
      returnReachHours: 1,
    },
  };
};
