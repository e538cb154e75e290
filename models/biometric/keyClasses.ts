/**
 * Classes of keys, as coarse as they can be and still tell how somebody types: which letter, which digit it was cannot be
 * read from them.
 */
export const keyClasses = ['letter', 'digit', 'space', 'edit', 'other'] as const;

/** See {@link keyClasses}. */
export type KeyClass = (typeof keyClasses)[number];

/** Pairs of classes whose distances are kept; all others are one more. */
export const digraphClasses = [
  'letter-letter',
  'letter-space',
  'space-letter',
  'letter-edit',
  'edit-edit',
  'other',
] as const;

/** What is measured of a stretch of free typing, as names; medians in seconds, shares from 0 to 1. */
export const typingNames: readonly string[] = [
  ...keyClasses.map((name) => `hold.${name}`),
  ...digraphClasses.flatMap((name) => [`downDown.${name}`, `upDown.${name}`]),
  'hold.spread',
  'downDown.spread',
  'edits',
  'overlaps',
  'rate',
];

/** One press, its key forgotten: seconds from whatever beginning. */
export interface Press {
  readonly of: KeyClass;
  readonly down: number;
  readonly up: number;
}

/** A longer gap between presses is a pause for thought, not typing, in seconds. */
const pauseS = 2;

const median = (values: readonly number[]): number | undefined => {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};

/** Median distance from the median. */
const spread = (values: readonly number[]): number | undefined => {
  const middle = median(values);
  return middle === undefined ? undefined : median(values.map((it) => Math.abs(it - middle)));
};

const digraphOf = (from: KeyClass, to: KeyClass): string => {
  const name = `${from}-${to}`;
  return (digraphClasses as readonly string[]).includes(name) ? name : 'other';
};

/**
 * How a stretch of free typing was done.
 *
 * @param presses in order of their going down
 * @returns by {@link typingNames}; what did not occur is absent
 */
export const typingFeatures = (presses: readonly Press[]): Record<string, number> => {
  const holds = new Map<string, number[]>();
  const add = (name: string, value: number): void => {
    const known = holds.get(name);
    if (known) known.push(value);
    else holds.set(name, [value]);
  };
  const gaps: number[] = [];
  let overlaps = 0;
  presses.forEach((press, i) => {
    add(`hold.${press.of}`, press.up - press.down);
    const before = presses[i - 1];
    if (!before || press.down - before.down > pauseS) return;
    const digraph = digraphOf(before.of, press.of);
    add(`downDown.${digraph}`, press.down - before.down);
    add(`upDown.${digraph}`, press.down - before.up);
    gaps.push(press.down - before.down);
    if (press.down < before.up) overlaps++;
  });
  const features: Record<string, number> = {};
  const put = (name: string, value: number | undefined): void => {
    if (value !== undefined) features[name] = value;
  };
  for (const [name, values] of holds) put(name, median(values));
  put('hold.spread', spread(presses.map(({ down, up }) => up - down)));
  put('downDown.spread', spread(gaps));
  const total = gaps.reduce((sum, it) => sum + it, 0);
  if (presses.length > 0) features.edits = presses.filter((it) => it.of === 'edit').length / presses.length;
  if (gaps.length > 0) features.overlaps = overlaps / gaps.length;
  if (total > 0) features.rate = gaps.length / total;
  return features;
};
