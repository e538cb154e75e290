import { EbbtideError } from '../../schemas/errors.ts';
import { CarriedNetwork } from '../runtimes/carried.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import type { FitsPoint } from '../training/fits.ts';
import { hourMs } from './calendar.ts';
import { accessFeatures } from './features.ts';
import { arraysOfMember, fitDefaults, fitHazard, gridInputs, memberOf } from './fit.ts';
import { boosting, Forests, forestCount, type Grow, type HourAndDay, settled } from './forests.ts';
import type { AccessGrid } from './grid.ts';
import { hazardBins, survivalOf } from './hazard.ts';
import { inputCount, scaleOf } from './inputs.ts';
import { dayBin } from './join.ts';
import { logLoss } from './measures.ts';
import { type AccessParts, meanLogits } from './model.ts';
import { type HazardWeights, hazardNetwork } from './network.ts';
import { calibrated, fitPlatt, logit, sigmoid } from './platt.ts';
import { chooseReach, returnRows } from './returnTrees.ts';
import { boost, type TreeRows, treesLogit } from './trees.ts';

/** How to learn. */
export interface LearnOptions {
  readonly seed: number;
  /** Networks whose logits are averaged. @default 3 */
  readonly members?: number;
  /** @default {@link fitDefaults}.epochs */
  readonly epochs?: number;
  /** Go on from here. */
  readonly from?: FitsPoint;
  readonly onPoint?: (point: FitsPoint) => void;
  readonly signal?: AbortSignal;
}

/**
 * How far it is, as steps that forests and networks share; the loss is that of what is learned, or was before where trees are grown
 * without any.
 */
export type LearnListener = (step: number, steps: number, loss: number, judged: number | undefined) => void;

/** Share of the hours, the last ones, by which it stops and is calibrated before all of them are learned from. */
export const heldShare = 0.2;
/** Hours at the beginning that no tree learns from: histories are still empty. */
const warmUpHours = 168;
const fewestHours = 14 * 24;
/** Steps that a forest counts as, and how many forests a network does: about as long as each takes. */
const stepsOfForest = 100;
const forestsOfFit = 10;

const shares = [0, 0.25, 0.5, 0.75, 1] as const;

/** Logits of the hour and the day by the network, for hours `[from, to)`. */
const networkLogits = async (
  members: readonly HazardWeights[],
  inputs: Float32Array,
  pairs: number,
  from: number,
  to: number,
): Promise<{ hour: Float64Array; day: Float64Array }> => {
  const network = await CarriedNetwork.create(onnxRuntime, hazardNetwork(members));
  const states = new Float32Array(pairs * network.stateSize);
  const outputs = members.map(() => new Float32Array(pairs * hazardBins));
  const hour = new Float64Array((to - from) * pairs);
  const day = new Float64Array((to - from) * pairs);
  for (let at = 0; at < to; at++) {
    await network.step(inputs.subarray(at * pairs * inputCount, (at + 1) * pairs * inputCount), states, outputs, pairs);
    if (at < from) continue;
    for (let pair = 0; pair < pairs; pair++) {
      const logits = meanLogits(outputs, pair);
      hour[(at - from) * pairs + pair] = logits[0]!;
      day[(at - from) * pairs + pair] = logit(1 - survivalOf(logits)[dayBin]!);
    }
  }
  await network.close();
  return { hour, day };
};

/** The share of the network, and the line, by which held-back rows are met best. */
const joinBy = (network: Float64Array, trees: HourAndDay[keyof HourAndDay], { x, y, features }: TreeRows) => {
  const byTrees = Float64Array.from(y, (_, row) => treesLogit(trees, x, row * features));
  const tried = shares.map((share) => {
    const joined = byTrees.map((z, row) => share * network[row]! + (1 - share) * z);
    const platt = fitPlatt(joined, y);
    const chances = joined.map((z) => sigmoid(calibrated(platt, z)));
    return { share, platt, loss: logLoss({ chances, outcomes: y }) };
  });
  return tried.reduce((best, it) => (it.loss < best.loss ? it : best));
};

/**
 * Learn an access model: stop and calibrate by the last fifth of the hours, then learn all of them for as long. Trees come
 * first; the network learns from what trees say of hours that they have not learned from.
 *
 * @param grid of all hours that may be learned from
 * @returns the parts, and how held-back hours were met
 * @throws EbbtideError DATA_MISSING for too few hours or accesses, CANCELLED by the signal
 */
export const learnAccess = async (
  grid: AccessGrid,
  options: LearnOptions,
  onProgress: LearnListener = () => undefined,
): Promise<{ parts: AccessParts; metrics: Readonly<Record<string, number>> }> => {
  const { seed, signal, onPoint } = options;
  const members = options.members ?? 3;
  const epochs = options.epochs ?? fitDefaults.epochs;
  const { hours, pairs } = grid;
  const count = pairs.length;
  if (hours < fewestHours || count === 0)
    throw new EbbtideError(
      'DATA_MISSING',
      `There are ${hours} hours of ${count} pairs with enough accesses to learn from; ${fewestHours} hours of at least one pair are needed: take a longer range`,
      { hours, pairs: count },
    );
  const cut = Math.floor(hours * (1 - heldShare));
  const warm = Math.min(warmUpHours, Math.floor(cut / 4));
  const { size } = accessFeatures;
  const scale = scaleOf(grid.x.subarray(warm * count * size, cut * count * size));
  const check = (): void => {
    if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Training was cancelled');
  };

  const done = [...(options.from?.done ?? [])];
  // As many that held-back hours judge as are learned at the end: one alone is worth less than their mean
  const fits = 2 * members;
  let forestsDone = 0;
  let lastLoss = Number.NaN;
  /** @param share - of the forest or network that is learned now, in forests */
  const tell = (share: number, loss: number, judged?: number): void => {
    if (!Number.isNaN(loss)) lastLoss = loss;
    const steps = stepsOfForest * (forestCount + fits * forestsOfFit);
    const step = Math.round(stepsOfForest * (forestsDone + done.length * forestsOfFit + share));
    onProgress(step, steps, lastLoss, judged);
  };
  const grow: Grow = async (rows, growing, held) => {
    check();
    const trees = await boost(rows, growing, held, (count, loss) => {
      check();
      tell(count / growing.trees, loss);
    });
    forestsDone++;
    return trees;
  };

  const forests = new Forests(grid, seed, grow);
  const searched = await forests.searched(warm, cut, hours);
  /** Inputs of the network where trees may learn from `[warm, known)`, and tell of what follows. */
  const inputsUntil = async (known: number): Promise<Float32Array> => {
    const crossFitted = await forests.crossFitted(searched, warm, known);
    return gridInputs(grid, scale, (row) =>
      row < known * count
        ? { hour: crossFitted[2 * row]!, day: crossFitted[2 * row + 1]! }
        : forests.logits(searched, row),
    );
  };
  let current = options.from?.current;
  const fitNext = async (inputs: Float32Array): Promise<void> => {
    const index = done.length;
    const judged = index === 0;
    const fitted = await fitHazard(grid, inputs, {
      seed: seed + (index % members),
      epochs,
      trainHours: index < members ? cut : hours,
      judgeHours: judged ? hours : 0,
      ...(judged ? {} : { untilEpoch: done[0]!.epoch }),
      ...(current ? { from: current } : {}),
      onEpoch: (point) => onPoint?.({ done: [...done], current: point }),
      onStep: (step, total, loss, judged) => tell((forestsOfFit * step) / total, loss, judged),
      ...(signal ? { signal } : {}),
    });
    current = undefined;
    done.push({
      epoch: fitted.epoch,
      weights: arraysOfMember(fitted.weights),
      loss: judged ? fitted.judged : fitted.loss,
    });
    onPoint?.({ done: [...done] });
  };
  /** How networks that were stopped by held-back hours are joined with the trees that were. */
  const search = async () => {
    const inputs = await inputsUntil(cut);
    while (done.length < members) await fitNext(inputs);
    const stopped = done.slice(0, members).map(({ weights }) => memberOf(weights));
    const byNetwork = await networkLogits(stopped, inputs, count, cut, hours);
    return {
      hour: joinBy(byNetwork.hour, searched.hour, forests.rows('hour', cut, hours)),
      day: joinBy(byNetwork.day, searched.day, forests.rows('day', cut, hours)),
    };
  };
  const joined = await search();
  const inputs = await inputsUntil(hours);
  while (done.length < fits) await fitNext(inputs);
  const [stopped] = done;

  const beginMs = grid.fromHour * hourMs;
  const [warmMs, cutMs, endMs] = [warm, cut, hours].map((hour) => beginMs + hour * hourMs) as [number, number, number];
  const returnsBetween = (fromMs: number, toMs: number) => returnRows(grid.returns, fromMs, toMs);
  const returns = await grow(
    returnsBetween(warmMs, cutMs),
    { ...boosting.returns, seed },
    returnsBetween(cutMs, endMs),
  );
  const heldReturns = grid.returns.filter(({ lastMs, gapHours }) => lastMs >= cutMs && Number.isFinite(gapHours));
  const { reach, error } = chooseReach(returns, heldReturns);
  return {
    parts: {
      members: done.slice(members).map(({ weights }) => memberOf(weights)),
      trees: {
        ...(await forests.settled(searched, warm, hours)),
        returns: await settled(returnsBetween(warmMs, endMs), boosting.returns, returns.trees.length, seed, grow),
      },
      calibration: {
        scale,
        networkShare: { hour: joined.hour.share, day: joined.day.share },
        hour: joined.hour.platt,
        day: joined.day.platt,
        returnReachHours: reach,
      },
    },
    metrics: {
      pairs: count,
      hours,
      epochs: stopped!.epoch,
      heldLoss: stopped!.loss,
      treesHour: searched.hour.trees.length,
      treesDay: searched.day.trees.length,
      treesReturns: returns.trees.length,
      networkShareHour: joined.hour.share,
      networkShareDay: joined.day.share,
      heldReturnMedianErrorH: error,
    },
  };
};
