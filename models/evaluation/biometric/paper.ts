/** What a paper reports of a detector: mean and standard deviation over people of the equal error rate. */
export interface PaperRate {
  readonly detector: string;
  /** 0 to 1. */
  readonly eerMean: number;
  readonly eerSd: number;
  /** Its name here, where it is rebuilt in `published.ts`. */
  readonly rebuilt?: string;
}

/**
 * The fourteen detectors of Killourhy and Maxion, "Comparing Anomaly Detectors for Keystroke Dynamics" (DSN 2009), as the
 * table on the benchmark's own page gives them (https://www.cs.cmu.edu/~keystroke/).
 */
export const paperRates: readonly PaperRate[] = [
  { detector: 'Manhattan (scaled)', eerMean: 0.0962, eerSd: 0.0694, rebuilt: 'scaledManhattan' },
  { detector: 'nearest neighbour (Mahalanobis)', eerMean: 0.0996, eerSd: 0.0642, rebuilt: 'nearestMahalanobis' },
  { detector: 'outlier count (z-score)', eerMean: 0.1022, eerSd: 0.0767, rebuilt: 'outlierCount' },
  { detector: 'SVM (one-class)', eerMean: 0.1025, eerSd: 0.065 },
  { detector: 'Mahalanobis', eerMean: 0.1101, eerSd: 0.0645, rebuilt: 'mahalanobis' },
  { detector: 'Mahalanobis (normed)', eerMean: 0.1101, eerSd: 0.0645 },
  { detector: 'Manhattan (filter)', eerMean: 0.136, eerSd: 0.0828, rebuilt: 'filteredManhattan' },
  { detector: 'Manhattan', eerMean: 0.1529, eerSd: 0.0925, rebuilt: 'manhattan' },
  { detector: 'neural network (auto-assoc)', eerMean: 0.1614, eerSd: 0.0797 },
  { detector: 'Euclidean', eerMean: 0.1706, eerSd: 0.0952, rebuilt: 'euclidean' },
  { detector: 'Euclidean (normed)', eerMean: 0.2153, eerSd: 0.1187 },
  { detector: 'fuzzy logic', eerMean: 0.2213, eerSd: 0.1051 },
  { detector: 'k means', eerMean: 0.3722, eerSd: 0.1391 },
  { detector: 'neural network (standard)', eerMean: 0.8283, eerSd: 0.1483 },
];
