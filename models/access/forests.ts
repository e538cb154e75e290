import { accessFeatures } from './features.ts';
import { type AccessGrid, activeWithin } from './grid.ts';
import type { TreeLogits } from './inputs.ts';
import type { AccessParts } from './model.ts';
import { averaged, type BoostingOptions, type TreeRows, type Trees, treesLogit } from './trees.ts';

const common = { trees: 400, ridge: 5, rowShare: 0.7, patience: 40 } as const;
/** Chosen on the first 70 % of the NASA log: stopped at 60 and at 80 % of it, judged by what follows each. */
export const boosting: Readonly<Record<keyof AccessParts['trees'], Omit<BoostingOptions, 'seed'>>> = {
  hour: { ...common, learningRate: 0.03, leaves: 16, leafRows: 60, featureShare: 0.25 },
  day: { ...common, learningRate: 0.03, leaves: 8, leafRows: 40, featureShare: 0.25 },
  returns: { ...common, learningRate: 0.05, leaves: 8, leafRows: 40, featureShare: 0.4 },
};
/** Forests whose mean is taken. */
const bags = 3;
/** Stretches of hours each of which is told of by trees that have learned from the others. */
const folds = 4;
/** Forests that a training grows: two are stopped, two cross-fitted twice, the one of returns stopped, and three settled. */
export const forestCount = 2 + 2 * 2 * folds + 1 + 3 * bags;
/** Hours ahead that the trees of the hour and of the day tell of. */
const ahead = { hour: 1, day: 24 } as const;

/** Rows of hours `[from, to)` of a grid; rows whose outcome is not known by `to` are left out. */
const rowsOf = (grid: AccessGrid, outcomes: Uint8Array, ahead: number, from: number, to: number): TreeRows => {
  const { size } = accessFeatures;
  const count = grid.pairs.length;
  const end = Math.max(from, to - ahead + 1);
  return {
    features: size,
    x: grid.x.subarray(from * count * size, end * count * size),
    y: outcomes.subarray(from * count, end * count),
  };
};

/** Rows one after the other. */
const together = (parts: readonly TreeRows[]): TreeRows => {
  const x = new Float32Array(parts.reduce((sum, it) => sum + it.x.length, 0));
  const y = new Uint8Array(parts.reduce((sum, it) => sum + it.y.length, 0));
  let [atX, atY] = [0, 0];
  for (const part of parts) {
    x.set(part.x, atX);
    y.set(part.y, atY);
    atX += part.x.length;
    atY += part.y.length;
  }
  return { x, y, features: accessFeatures.size };
};

/** Trees of the hour and of the day. */
export type HourAndDay = Pick<AccessParts['trees'], 'hour' | 'day'>;

/** Grows a forest, as `boost` does; it rejects where the training was cancelled. */
export type Grow = (rows: TreeRows, options: BoostingOptions, held?: TreeRows) => Promise<Trees>;

/** Learns trees of the hour and of the day from a grid. */
export class Forests {
  readonly #grid: AccessGrid;
  readonly #outcomes: Readonly<Record<keyof HourAndDay, Uint8Array>>;
  readonly #seed: number;
  readonly #grow: Grow;

  constructor(grid: AccessGrid, seed: number, grow: Grow) {
    this.#grid = grid;
    this.#outcomes = { hour: grid.active, day: activeWithin(grid, ahead.day) };
    this.#seed = seed;
    this.#grow = grow;
  }

  /** Rows of hours `[from, to)`. */
  rows(what: keyof HourAndDay, from: number, to: number): TreeRows {
    return rowsOf(this.#grid, this.#outcomes[what], ahead[what], from, to);
  }

  /** Learn from `[from, cut)`, and stop by `[cut, to)`. */
  async searched(from: number, cut: number, to: number): Promise<HourAndDay> {
    const of = (what: keyof HourAndDay) =>
      this.#grow(this.rows(what, from, cut), { ...boosting[what], seed: this.#seed }, this.rows(what, cut, to));
    return { hour: await of('hour'), day: await of('day') };
  }

  /** Learn from all of `[from, to)` as many trees as were best. */
  async settled(best: HourAndDay, from: number, to: number): Promise<HourAndDay> {
    const of = (what: keyof HourAndDay) =>
      settled(this.rows(what, from, to), boosting[what], best[what].trees.length, this.#seed, this.#grow);
    return { hour: await of('hour'), day: await of('day') };
  }

  /**
   * What trees say of each row of hours `[0, to)` that have not learned from its stretch: a network that reads what trees say
   * of rows that they have learned from would trust them too much (Wolpert 1992, stacked generalization).
   *
   * @param best how many trees
   * @param from hours before are learned from by none
   * @returns hours × pairs × (hour, day)
   */
  async crossFitted(best: HourAndDay, from: number, to: number): Promise<Float64Array> {
    const { x, pairs } = this.#grid;
    const { size } = accessFeatures;
    const logits = new Float64Array(2 * to * pairs.length);
    const edge = (fold: number): number => from + Math.round(((to - from) * fold) / folds);
    for (const [place, what] of (['hour', 'day'] as const).entries())
      for (let fold = 0; fold < folds; fold++) {
        const others = [this.rows(what, from, edge(fold)), this.rows(what, edge(fold + 1), to)];
        const trees = await this.#grow(together(others), {
          ...boosting[what],
          seed: this.#seed,
          trees: best[what].trees.length,
        });
        const end = edge(fold + 1) * pairs.length;
        for (let row = fold === 0 ? 0 : edge(fold) * pairs.length; row < end; row++)
          logits[2 * row + place] = treesLogit(trees, x, row * size);
      }
    return logits;
  }

  /** What trees say of a row. */
  logits({ hour, day }: HourAndDay, row: number): TreeLogits {
    const { x } = this.#grid;
    const at = row * accessFeatures.size;
    return { hour: treesLogit(hour, x, at), day: treesLogit(day, x, at) };
  }
}

/** As many trees as were best, of all that may be learned from: the mean of some forests, which chance makes different. */
export const settled = async (
  rows: TreeRows,
  options: Omit<BoostingOptions, 'seed'>,
  trees: number,
  seed: number,
  grow: Grow,
): Promise<Trees> => {
  const forests: Trees[] = [];
  for (let bag = 0; bag < bags; bag++) forests.push(await grow(rows, { ...options, seed: seed + 7919 * bag, trees }));
  return averaged(forests);
};
