import { resourceMetrics } from '../../../../models/features/resource.ts';
import { createRandom } from '../../../../models/training/random.ts';
import { syntheticProcess } from '../../../../models/training/synthetic.ts';
import type { TelemetrySource } from '../../../../models/training/telemetry/source.ts';

export const firstMs = 1_760_000_000_000;
export const everything = { fromMs: 0, toMs: 8.64e15 };

/** A sample, as a source gives it. */
export interface Sample {
  readonly subject: string;
  readonly time: number;
  readonly values: Float64Array;
}

/** Samples of invented processes, one a second each. */
export const inventedSamples = (subjects: number, rows: number, seed = 5): Sample[] => {
  const random = createRandom(seed);
  return Array.from({ length: subjects }, (_, subject) => {
    const columns = syntheticProcess(random, rows);
    return Array.from({ length: rows }, (_, row) => ({
      subject: `cred-${subject}`,
      time: firstMs + row * 1000,
      values: Float64Array.from(resourceMetrics, (_, metric) => columns[metric]![row]!),
    }));
  }).flat();
};

/** A source of samples in memory. */
export const sourceOf = (samples: readonly Sample[]): TelemetrySource => ({
  lineage: { kind: 'memory' },
  extents: async (range, visit) => {
    for (const { subject, time } of samples)
      if (time >= range.fromMs && time < range.toMs) visit(subject, time, time, 1);
  },
  samples: async (wanted, visit) => {
    for (const { subject, time, values } of samples) {
      const range = wanted.get(subject);
      if (range && time >= range.fromMs && time < range.toMs) visit(subject, time, values);
    }
  },
});
