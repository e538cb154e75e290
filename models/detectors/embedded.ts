import type { Detector, DetectorStream } from './detector.ts';

/** Values of one metric that make a row. */
const length = 12;

/**
 * Let a detector of many metrics watch one metric: its last twelve values, in spreads of its learning rows, are the row,
 * and the learning rows at the beginning of the stream are what it fits.
 *
 * @param fit makes the stream of the inner detector
 */
export const embedded = (fit: (rows: Float64Array, metrics: number) => DetectorStream): Detector['begin'] => {
  const begin: Detector['begin'] = ({ metrics, learningRows }, learning) => {
    if (learning) return fit(learning, metrics);
    const recent = new Float64Array(length);
    const collected: number[] = [];
    let inner: DetectorStream | undefined;
    let mean = 0;
    let spread = 1;
    let row = 0;
    return {
      score(values, timeMs) {
        recent.copyWithin(0, 1);
        recent[length - 1] = values[0]!;
        if (++row < learningRows || row < 2 * length) {
          collected.push(values[0]!);
          return 0;
        }
        if (!inner) {
          mean = collected.reduce((sum, value) => sum + value, 0) / collected.length;
          spread = Math.sqrt(collected.reduce((sum, value) => sum + (value - mean) ** 2, 0) / collected.length) || 1;
          const rows = Math.max(1, collected.length - length + 1);
          const matrix = Float64Array.from(
            { length: rows * length },
            (_, i) => (collected[Math.floor(i / length) + (i % length)]! - mean) / spread,
          );
          inner = fit(matrix, length);
        }
        return inner.score(
          recent.map((value) => (value - mean) / spread),
          timeMs,
        );
      },
    };
  };
  return begin;
};
