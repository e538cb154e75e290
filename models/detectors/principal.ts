import type { Detector } from './detector.ts';
import { embedded } from './embedded.ts';
import { principalResidual } from './principalResidual.ts';
import { learnStandard, standardise } from './standardise.ts';

/** Squared distance from the subspace of the principal components that hold 90 % of the benign variance. */
export const principal: Detector = {
  summary: 'squared residual of principal components fitted on learning rows',
  begin: embedded((rows, metrics) => {
    const standard = learnStandard(rows, metrics);
    const project = principalResidual(standardise(rows, standard), metrics, 0.9);
    const z = new Float64Array(metrics);
    const residual = new Float64Array(metrics);
    return {
      score(values) {
        project(standardise(values, standard, z), residual);
        return residual.reduce((sum, value) => sum + value * value, 0);
      },
    };
  }),
};
