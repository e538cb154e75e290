import { averagePrecision, precisionRecall } from '../evaluation/precisionRecall.ts';
import type { Foreseen, Outcomes } from './foresee.ts';

/** Chances and what came of them, row by row. */
export interface Judged {
  readonly chances: Float64Array;
  readonly outcomes: Uint8Array;
}

const bins = 10;

/** How well chances rank and how true they are. */
export interface Measures {
  readonly rows: number;
  readonly positives: number;
  /** Area under the ROC curve. */
  readonly auc: number;
  /** Average precision. */
  readonly ap: number;
  /** Mean of squared errors. */
  readonly brier: number;
  /** Mean of −ln of the chance of what happened, nats. */
  readonly logLoss: number;
  /** Expected calibration error, ten bins of equal width. */
  readonly ece: number;
}

/** Chance that a positive row ranks above a negative one, ties counting half. */
export const rocArea = ({ chances, outcomes }: Judged): number => {
  const order = Uint32Array.from(chances.keys()).sort((a, b) => chances[a]! - chances[b]!);
  let [ranks, positives] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && chances[order[to]!] === chances[order[from]!]) to++;
    for (let at = from; at < to; at++) {
      if (outcomes[order[at]!] !== 1) continue;
      ranks += (from + 1 + to) / 2;
      positives++;
    }
    from = to;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
};

/** Mean chance and share that came true, of rows in ten bins of equal width. */
export const reliability = ({ chances, outcomes }: Judged) => {
  const cells = Array.from({ length: bins }, () => ({ rows: 0, chance: 0, came: 0 }));
  chances.forEach((chance, row) => {
    const cell = cells[Math.min(bins - 1, Math.floor(chance * bins))]!;
    cell.rows++;
    cell.chance += chance;
    cell.came += outcomes[row]!;
  });
  return cells
    .filter(({ rows }) => rows > 0)
    .map(({ rows, chance, came }) => ({ rows, chance: chance / rows, came: came / rows }));
};

/** Mean of −ln of the chance of what happened, nats. */
export const logLoss = ({ chances, outcomes }: Judged): number => {
  let sum = 0;
  for (let row = 0; row < outcomes.length; row++)
    sum -= Math.log(Math.max(1e-12, outcomes[row] === 1 ? chances[row]! : 1 - chances[row]!));
  return sum / outcomes.length;
};

/** Some rows of chances and outcomes. */
export const pickRows = (chances: Float64Array, outcomes: Uint8Array, wanted: (row: number) => boolean): Judged => {
  const rows = [...outcomes.keys()].filter(wanted);
  return {
    chances: Float64Array.from(rows, (row) => chances[row]!),
    outcomes: Uint8Array.from(rows, (row) => outcomes[row]!),
  };
};

/** The three questions that predictors are judged by: an access in the hour, an onset, an access in 24 h. */
export const judgedRows = ({ hour, day }: Pick<Foreseen, 'hour' | 'day'>, outcomes: Outcomes) => ({
  hour: pickRows(hour, outcomes.active, () => true),
  onset: pickRows(hour, outcomes.active, (row) => outcomes.wasActive[row] === 0),
  day: pickRows(day, outcomes.within24h, (row) => row < outcomes.known24h),
});

/** Measure chances against outcomes. */
export const measure = (judged: Judged): Measures => {
  const { chances, outcomes } = judged;
  const rows = outcomes.length;
  let [brier, positives] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const [p, y] = [chances[row]!, outcomes[row]!];
    brier += (p - y) ** 2 / rows;
    positives += y;
  }
  return {
    rows,
    positives,
    auc: rocArea(judged),
    ap: averagePrecision(precisionRecall(chances, outcomes)),
    brier,
    logLoss: logLoss(judged),
    ece: reliability(judged).reduce((sum, { rows: n, chance, came }) => sum + (n / rows) * Math.abs(chance - came), 0),
  };
};
