import type { RetrainReport } from './report.ts';
import type { StoredReport } from './reportSchema.ts';

/** Largest report that is kept with a version, bytes of JSON. */
export const largestReport = 65_536;

/** How many entries of a list are tried to be kept, until the report is small enough. */
const limits = [200, 60, 15, 0] as const;

/**
 * A report as it is kept with the challenger that it is about.
 *
 * @param report - of a challenger that was compared
 * @returns at most {@link largestReport} bytes of JSON, save where reasons alone are longer
 */
export const storeReport = ({
  at,
  champion,
  challenger,
  outcome,
  reasons,
  labels,
  comparison,
}: Omit<RetrainReport, 'outcome'> &
  Required<Pick<RetrainReport, 'challenger' | 'comparison'>> &
  Pick<StoredReport, 'outcome'>): StoredReport => {
  const kept = (limit: number): StoredReport => {
    const rest = (list: readonly unknown[]): number => Math.max(0, list.length - limit);
    return {
      ...{ at, champion, challenger, outcome, reasons },
      labels: { ...labels, refused: labels.refused.slice(0, limit) },
      comparison: {
        ...comparison,
        lost: comparison.lost.slice(0, limit),
        judged: comparison.judged.slice(0, limit),
      },
      cut: { refused: rest(labels.refused), lost: rest(comparison.lost), judged: rest(comparison.judged) },
    };
  };
  const all = limits.map(kept);
  return all.find((one) => Buffer.byteLength(JSON.stringify(one)) <= largestReport) ?? all.at(-1)!;
};
