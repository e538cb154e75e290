import { cholesky, crossMoments, solve } from './linear.ts';

/** Rows that the far forecast looks ahead. */
export const farRows = 20;

/** A forecaster of all metrics at work on one stream. */
export interface JointForecastStream {
  /** The forecast of the row that comes now, from the one before it. */
  readonly next: Float64Array;
  /** The forecast of the row that comes now, made {@link farRows} rows ago. */
  readonly far: Float64Array;
  /** Take in the row and forecast those to come. */
  advance(row: Float64Array): void;
}

/** A forecaster of all metrics. */
export interface JointForecast {
  begin(): JointForecastStream;
}

/** Forecasts made some rows ago, until their row comes. */
export class Delayed {
  readonly #ring: Float64Array[];
  #at = 0;

  constructor(size: number, rows = farRows) {
    this.#ring = Array.from({ length: rows }, () => new Float64Array(size));
  }

  /** Where the forecast goes that {@link due} gives when its row comes. */
  get slot(): Float64Array {
    return this.#ring[this.#at]!;
  }

  /** Go on by one row. */
  turn(): void {
    this.#at = (this.#at + 1) % this.#ring.length;
  }

  /** The forecast of the row that comes now. */
  get due(): Float64Array {
    return this.#ring[this.#at]!;
  }
}

/** into = matrixᵀ · row, for matrix metrics × metrics. */
const apply = (matrix: Float64Array, row: Float64Array, into: Float64Array): void => {
  const size = row.length;
  into.fill(0);
  for (let i = 0; i < size; i++) {
    const value = row[i]!;
    for (let j = 0; j < size; j++) into[j]! += value * matrix[i * size + j]!;
  }
};

/** Weight of the ridge, as a share of a metric's unit variance. */
const ridge = 0.01;

const fitAhead = (rows: Float64Array, metrics: number, ahead: number): Float64Array => {
  const x = rows.subarray(0, Math.max(0, rows.length - ahead * metrics));
  const y = rows.subarray(Math.min(rows.length, ahead * metrics));
  if (x.length === 0) return new Float64Array(metrics * metrics);
  const moments = crossMoments(x, metrics, x, metrics);
  for (let i = 0; i < metrics; i++) moments[i * metrics + i]! += ridge;
  return solve(cholesky(moments, metrics), metrics, crossMoments(x, metrics, y, metrics), metrics);
};

/** Ridge regression of the rows to come on the last one. */
export const ridgeForecast = (rows: Float64Array, metrics: number): JointForecast => {
  const near = fitAhead(rows, metrics, 1);
  const far = fitAhead(rows, metrics, farRows);
  return {
    begin: () => {
      const next = new Float64Array(metrics);
      const delayed = new Delayed(metrics);
      return {
        next,
        get far() {
          return delayed.due;
        },
        advance(row) {
          apply(near, row, next);
          apply(far, row, delayed.slot);
          delayed.turn();
        },
      };
    },
  };
};
