import type { Featurizer } from '../../../operators/featurize.ts';
import { aggregatesPerMetric } from '../../../operators/openWindows.ts';

/** Mean, minimum, maximum and standard deviation of each field, as the peers make them. */
export const statistics = (fields: number): Featurizer => ({
  size: fields * 4,
  fill(aggregates, offset, out, outOffset) {
    let from = offset;
    let to = outOffset;
    for (let field = 0; field < fields; field++, from += aggregatesPerMetric, to += 4) {
      const count = aggregates[from]!;
      const mean = aggregates[from + 1]! / count;
      out[to] = mean;
      out[to + 1] = aggregates[from + 3]!;
      out[to + 2] = aggregates[from + 4]!;
      out[to + 3] = Math.sqrt(Math.max(0, aggregates[from + 2]! / count - mean * mean));
    }
  },
});
