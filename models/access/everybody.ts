import { cells, recencyBins } from './cells.ts';

/** Half-life of the histograms, days. */
const halfLifeDays = 10;
const decayFactor = 2 ** (-1 / halfLifeDays);

/** Decay from day to day of everything that decays, of a pair or of everybody. */
export const decay = (values: Float32Array, from: number, to: number): void => {
  for (let i = from; i < to; i++) values[i]! *= decayFactor;
};

/** Where what stands in the state of everybody. */
export const everybodyLayout = (() => {
  const both = cells * recencyBins;
  const before = 168 + 3 * cells + 2 * recencyBins;
  const size = before + 2 * both + 4;
  return {
    /** Shares of pairs that were active, by hour, the newest first. */
    shares: 0,
    seenIn: 168,
    activeIn: 168 + cells,
    startsIn: 168 + 2 * cells,
    seenAfter: 168 + 3 * cells,
    activeAfter: 168 + 3 * cells + recencyBins,
    /** Decayed hours seen and active by cell and recency together. */
    seenBoth: before,
    activeBoth: before + both,
    /** Pairs and active pairs of the hour that is being closed. */
    pairs: size - 4,
    activePairs: size - 3,
    /** Hours closed. */
    hours: size - 2,
    size,
  };
})();

/** Make the state of everybody: what the pairs of a partition do together. */
export const createEverybody = (): Float32Array => new Float32Array(everybodyLayout.size);

/** Close the hour of everybody, after that of each pair. */
export const closeEverybody = (shared: Float32Array): void => {
  const pairs = shared[everybodyLayout.pairs]!;
  shared.copyWithin(1, 0, 167);
  shared[everybodyLayout.shares] = pairs > 0 ? shared[everybodyLayout.activePairs]! / pairs : 0;
  shared[everybodyLayout.pairs] = 0;
  shared[everybodyLayout.activePairs] = 0;
  shared[everybodyLayout.hours]!++;
  if (shared[everybodyLayout.hours]! % 24 === 0) decay(shared, everybodyLayout.seenIn, everybodyLayout.pairs);
};
