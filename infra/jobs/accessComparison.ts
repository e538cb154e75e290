import type { Compared } from '../../operators/preprovision/foreseeBeside.ts';
import type { preprovisionMetrics } from './preprovisionMetrics.ts';

/** Keeps how a challenger does beside the model in force, for metrics and for the job's health. */
export const compareModels = (
  metrics: Pick<ReturnType<typeof preprovisionMetrics>, 'comparedPairs' | 'comparedLoss'>,
) => {
  let sum: Compared | undefined;
  return {
    add: (met: Compared): void => {
      metrics.comparedPairs.inc(met.pairs);
      metrics.comparedLoss.inc({ role: 'champion' }, met.championLoss);
      metrics.comparedLoss.inc({ role: 'challenger' }, met.challengerLoss);
      sum =
        sum?.version === met.version
          ? {
              version: met.version,
              pairs: sum.pairs + met.pairs,
              championLoss: sum.championLoss + met.championLoss,
              challengerLoss: sum.challengerLoss + met.challengerLoss,
            }
          : met;
    },
    /** Words for the job's health; empty without a challenger. */
    describe: (): string => {
      if (!sum) return '';
      const { version, pairs, championLoss, challengerLoss } = sum;
      const [ours, theirs] = [championLoss / pairs, challengerLoss / pairs].map((loss) => loss.toFixed(4));
      return `; challenger ${version} has a log loss of ${theirs} an hour and pair beside ${ours}, over ${pairs}`;
    },
  };
};
