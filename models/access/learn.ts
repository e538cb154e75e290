import { EbbtideError } from '../../schemas/errors.ts';
import { CarriedNetwork } from '../runtimes/carried.ts';
import { onnxRuntime } from '../runtimes/onnx.ts';
import type { FitsPoint } from '../training/fits.ts';
import { hourMs } from './calendar.ts';
import { accessFeatures } from './features.ts';
import { arraysOfMember, fitDefaults, fitHazard, gridInputs, memberOf } from './fit.ts';
import { type AccessGrid, activeWithin, type ReturnCase } from './grid.ts';
import { hazardBins, survivalOf } from './hazard.ts';
import { inputCount, scaleOf } from './inputs.ts';
import { dayBin } from './join.ts';
import { logLoss } from './measures.ts';
import { type AccessParts, meanLogits } from './model.ts';
import { type HazardWeights, hazardNetwork } from './network.ts';
import { calibrated, fitPlatt, logit, sigmoid } from './platt.ts';
import { likeliestReturn, returnBins, returnChances, returnEdges, returnFeatureCount } from './returns.ts';
import { averaged, type BoostingOptions, boost, type TreeRows, type Trees, treesLogit } from './trees.ts';

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

/** How far it is. */
export type LearnListener = (step: number, steps: number, loss: number, judged: number | undefined) => void;

/** Share of the hours, the last ones, by which it stops and is calibrated before all of them are learned from. */
export const heldShare = 0.2;
/** Hours at the beginning that no tree learns from: histories are still empty. */
const warmUpHours = 168;
const fewestHours = 14 * 24;

const common = { trees: 400, ridge: 5, rowShare: 0.7, patience: 40 } as const;
/** Chosen on the first 70 % of the NASA log: stopped at 60 and at 80 % of it, judged by what follows each. */
const boosting: Readonly<Record<keyof AccessParts['trees'], Omit<BoostingOptions, 'seed'>>> = {
  hour: { ...common, learningRate: 0.03, leaves: 16, leafRows: 60, featureShare: 0.25 },
  day: { ...common, learningRate: 0.03, leaves: 8, leafRows: 40, featureShare: 0.25 },
  returns: { ...common, learningRate: 0.05, leaves: 8, leafRows: 40, featureShare: 0.4 },
};
/** Forests whose mean is taken. */
const bags = 3;
const shares = [0, 0.25, 0.5, 0.75, 1] as const;

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

/** Bins of sessions that ended, until each next one or until nothing is known any more. */
const returnRows = (cases: readonly ReturnCase[], fromMs: number, toMs: number): TreeRows => {
  const x: Float32Array[] = [];
  const y: number[] = [];
  for (const { lastMs, gapHours, x: bins } of cases) {
    if (lastMs < fromMs || lastMs >= toMs) continue;
    const known = Math.min(gapHours, (toMs - lastMs) / hourMs);
    for (let bin = 0; bin < returnBins && returnEdges[bin]! < known; bin++) {
      const [lower, upper] = [returnEdges[bin]!, returnEdges[bin + 1]!];
      const here = gapHours >= lower && gapHours < upper && gapHours === known;
      if (!here && upper > known) break;
      x.push(bins.subarray(bin * returnFeatureCount, (bin + 1) * returnFeatureCount));
      y.push(here ? 1 : 0);
      if (here) break;
    }
  }
  const all = new Float32Array(x.length * returnFeatureCount);
  x.forEach((row, i) => {
    all.set(row, i * returnFeatureCount);
  });
  return { x: all, y: Uint8Array.from(y), features: returnFeatureCount };
};

const medianOf = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** The reach with which the median error of held-back returns is smallest. */
const chooseReach = (trees: Trees, cases: readonly ReturnCase[]): { reach: number; error: number } => {
  const chances = cases.map(({ x }) =>
    returnChances(Array.from({ length: returnBins }, (_, bin) => treesLogit(trees, x, bin * returnFeatureCount))),
  );
  const tried = [0.75, 1, 1.5, 2].map((reach) => ({
    reach,
    error: medianOf(cases.map(({ gapHours }, i) => Math.abs(likeliestReturn(chances[i]!, reach) - gapHours))),
  }));
  return tried.reduce((best, it) => (it.error < best.error ? it : best));
};

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

/**
 * Learn an access model: stop and calibrate by the last fifth of the hours, then learn all of them for as long.
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
  const inputs = gridInputs(grid, scale);

  const done = [...(options.from?.done ?? [])];
  let current = options.from?.current;
  const fits = members + 1;
  while (done.length < fits) {
    const index = done.length;
    const searching = index === 0;
    const fitted = await fitHazard(grid, inputs, {
      seed: seed + (searching ? 0 : index - 1),
      epochs,
      trainHours: searching ? cut : hours,
      judgeHours: searching ? hours : 0,
      ...(searching ? {} : { untilEpoch: done[0]!.epoch }),
      ...(current ? { from: current } : {}),
      onEpoch: (point) => onPoint?.({ done: [...done], current: point }),
      onStep: (step, total, loss, judged) => onProgress(index * total + step, fits * total, loss, judged),
      ...(signal ? { signal } : {}),
    });
    current = undefined;
    done.push({
      epoch: fitted.epoch,
      weights: arraysOfMember(fitted.weights),
      loss: searching ? fitted.judged : fitted.loss,
    });
    onPoint?.({ done: [...done] });
  }
  const [search, ...learned] = done;

  const beginMs = grid.fromHour * hourMs;
  const cutMs = beginMs + cut * hourMs;
  const endMs = beginMs + hours * hourMs;
  const outcomes = { hour: grid.active, day: activeWithin(grid, 24) };
  const boosted = (what: keyof typeof boosting, rows: TreeRows, held: TreeRows): Trees => {
    if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Training was cancelled');
    return boost(rows, { ...boosting[what], seed }, held);
  };
  /** All that may be learned from, for as long as was best; the mean of some, which chance makes different. */
  const settled = (what: keyof typeof boosting, rows: TreeRows, trees: number): Trees =>
    averaged(
      Array.from({ length: bags }, (_, bag) => {
        if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Training was cancelled');
        return boost(rows, { ...boosting[what], seed: seed + 7919 * bag, trees });
      }),
    );
  const hourRows = (from: number, to: number) => rowsOf(grid, outcomes.hour, 1, from, to);
  const dayRows = (from: number, to: number) => rowsOf(grid, outcomes.day, 24, from, to);
  const returnsBetween = (fromMs: number, toMs: number) => returnRows(grid.returns, fromMs, toMs);
  const warmMs = beginMs + warm * hourMs;
  const searched = {
    hour: boosted('hour', hourRows(warm, cut), hourRows(cut, hours)),
    day: boosted('day', dayRows(warm, cut), dayRows(cut, hours)),
    returns: boosted('returns', returnsBetween(warmMs, cutMs), returnsBetween(cutMs, endMs)),
  };

  const byNetwork = await networkLogits([memberOf(search!.weights)], inputs, count, cut, hours);
  /** The share of the network, and the line, by which held-back rows are met best. */
  const joinBy = (network: Float64Array, trees: Trees, rows: TreeRows) => {
    const byTrees = Float64Array.from(rows.y, (_, row) => treesLogit(trees, rows.x, row * size));
    const tried = shares.map((share) => {
      const joined = byTrees.map((z, row) => share * network[row]! + (1 - share) * z);
      const platt = fitPlatt(joined, rows.y);
      const chances = joined.map((z) => sigmoid(calibrated(platt, z)));
      return { share, platt, loss: logLoss({ chances, outcomes: rows.y }) };
    });
    return tried.reduce((best, it) => (it.loss < best.loss ? it : best));
  };
  const joined = {
    hour: joinBy(byNetwork.hour, searched.hour, hourRows(cut, hours)),
    day: joinBy(byNetwork.day, searched.day, dayRows(cut, hours)),
  };
  const heldReturns = grid.returns.filter(({ lastMs, gapHours }) => lastMs >= cutMs && Number.isFinite(gapHours));
  const { reach, error } = chooseReach(searched.returns, heldReturns);
  const calibration = {
    scale,
    networkShare: { hour: joined.hour.share, day: joined.day.share },
    hour: joined.hour.platt,
    day: joined.day.platt,
    returnReachHours: reach,
  };
  return {
    parts: {
      members: learned.map(({ weights }) => memberOf(weights)),
      trees: {
        hour: settled('hour', hourRows(warm, hours), searched.hour.trees.length),
        day: settled('day', dayRows(warm, hours), searched.day.trees.length),
        returns: settled('returns', returnsBetween(warmMs, endMs), searched.returns.trees.length),
      },
      calibration,
    },
    metrics: {
      pairs: count,
      hours,
      epochs: search!.epoch,
      heldLoss: search!.loss,
      treesHour: searched.hour.trees.length,
      treesDay: searched.day.trees.length,
      treesReturns: searched.returns.trees.length,
      networkShareHour: joined.hour.share,
      networkShareDay: joined.day.share,
      heldReturnMedianErrorH: error,
    },
  };
};
