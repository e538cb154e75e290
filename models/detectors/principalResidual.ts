import { crossMoments, symmetricEigen } from './linear.ts';

/** Writes what principal components leave of a row into `residual`. */
export type PrincipalResidual = (row: Float64Array, residual: Float64Array) => void;

/**
 * Principal components of benign rows.
 *
 * @param rows standardised, rows × metrics
 * @param variance share of the variance that is kept
 */
export const principalResidual = (rows: Float64Array, metrics: number, variance: number): PrincipalResidual => {
  const { values, vectors } = symmetricEigen(crossMoments(rows, metrics, rows, metrics), metrics);
  const total = values.reduce((sum, value) => sum + value, 0);
  let kept = 0;
  for (let sum = 0; kept < metrics && sum < variance * total; kept++) sum += values[kept]!;
  return (row, residual) => {
    residual.set(row);
    for (let component = 0; component < kept; component++) {
      let along = 0;
      for (let i = 0; i < metrics; i++) along += vectors[component * metrics + i]! * row[i]!;
      for (let i = 0; i < metrics; i++) residual[i]! -= along * vectors[component * metrics + i]!;
    }
  };
};
