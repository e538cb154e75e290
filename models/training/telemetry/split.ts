import { EbbtideError } from '../../../schemas/errors.ts';
import type { Extent } from './reservoir.ts';
import type { TimeRange } from './source.ts';

/** What a part of the data is for, in order of time: the network learns, stops, is calibrated, and is judged. */
export const parts = ['train', 'validation', 'calibration', 'test'] as const;

/** See {@link parts}. */
export type Part = (typeof parts)[number];

/** Share of the subjects, and of the time, that each part is meant to have. */
export const partShares: Readonly<Record<Part, number>> = { train: 0.6, validation: 0.1, calibration: 0.2, test: 0.1 };

/** A split that shares neither subjects nor time between parts. */
export interface Split {
  /** Span of time of each part; they follow one another. */
  readonly spans: Readonly<Record<Part, TimeRange>>;
  /** Which part each subject belongs to, and how many windows it may give there. */
  readonly subjects: ReadonlyMap<string, { readonly part: Part; readonly windows: number }>;
  /** Subjects that have too few windows in any one part. */
  readonly tooShort: number;
}

/** How to split. */
export interface SplitOptions {
  /** Length of a window, ms; spans begin and end on its grid, so that no window lies in two of them. */
  readonly windowMs: number;
  /** Windows that a subject needs in its part. */
  readonly minWindows: number;
}

/** Times at which the given shares of all subjects' time have passed. */
const quantileTimes = (extents: readonly Extent[], shares: readonly number[]): number[] => {
  const edges = [...new Set(extents.flatMap(({ firstMs, lastMs }) => [firstMs, lastMs + 1]))].sort((a, b) => a - b);
  const lived = (timeMs: number): number =>
    extents.reduce(
      (sum, { firstMs, lastMs }) => sum + Math.min(Math.max(timeMs - firstMs, 0), lastMs + 1 - firstMs),
      0,
    );
  const total = lived(edges.at(-1)!);
  return shares.map((share) => {
    let [low, high] = [edges[0]!, edges.at(-1)!];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (lived(middle) < share * total) low = middle;
      else high = middle;
    }
    return high;
  });
};

const overlap = ({ firstMs, lastMs }: Extent, { fromMs, toMs }: TimeRange): number =>
  Math.max(0, Math.min(lastMs + 1, toMs) - Math.max(firstMs, fromMs));

/**
 * Split subjects into parts that are disjoint in subject and in time: the range falls into four spans, one after
 * another; a subject that lives in one span belongs to it, one that lives across several is given to the part that lacks
 * most, and only its windows within that span are used. So nothing that the network learned from, neither a subject nor
 * a moment that others shared, is met again where it is calibrated or judged.
 *
 * @param extents the sample of subjects, by rank
 * @throws {EbbtideError} `DATA_MISSING` when some part would be empty
 */
export const splitSubjects = (extents: readonly Extent[], { windowMs, minWindows }: SplitOptions): Split => {
  if (extents.length < parts.length)
    throw new EbbtideError(
      'DATA_MISSING',
      `Telemetry has ${extents.length} ${extents.length === 1 ? 'subject' : 'subjects'}; training needs ${parts.length} at least, one each to learn from, to stop by, to calibrate with and to judge by; take a longer range`,
      { subjects: extents.length },
    );
  const cumulative = parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).reduce((s, p) => s + partShares[p], 0));
  const cuts = quantileTimes(extents, cumulative).map((time) => Math.ceil(time / windowMs) * windowMs);
  const begin = Math.min(...extents.map(({ firstMs }) => firstMs));
  const end = Math.max(...extents.map(({ lastMs }) => lastMs)) + 1;
  const bounds = [begin, ...cuts, Math.max(end, cuts.at(-1)!)];
  const spans = Object.fromEntries(
    parts.map((part, i) => [part, { fromMs: bounds[i]!, toMs: bounds[i + 1]! }]),
  ) as Record<Part, TimeRange>;

  const options = extents.map((extent) => ({
    extent,
    possible: parts
      .map((part) => ({ part, windows: Math.floor(overlap(extent, spans[part]) / windowMs) }))
      .filter(({ windows }) => windows >= minWindows),
  }));
  const subjects = new Map<string, { part: Part; windows: number }>();
  const given: Record<Part, number> = { train: 0, validation: 0, calibration: 0, test: 0 };
  let total = 0;
  // Whoever has least choice goes first; among these the order is that of chance.
  for (const { extent, possible } of options.toSorted((a, b) => a.possible.length - b.possible.length)) {
    if (possible.length === 0) continue;
    const lacking = ({ part }: { part: Part }) => partShares[part] * (total + 1) - given[part];
    const chosen = possible.reduce((best, one) => {
      // A part that has nothing comes before one that has little.
      const empty = Number(given[one.part] === 0) - Number(given[best.part] === 0);
      return empty > 0 || (empty === 0 && lacking(one) > lacking(best)) ? one : best;
    });
    subjects.set(extent.subject, chosen);
    given[chosen.part]++;
    total++;
  }
  const empty = parts.filter((part) => given[part] === 0);
  if (empty.length > 0)
    throw new EbbtideError(
      'DATA_MISSING',
      `Telemetry of ${extents.length} subjects is too short: none has ${minWindows} windows of ${windowMs / 1000} s left for ${empty.join(' and ')}; take a longer range, shorter windows, or more subjects`,
      { empty, subjects: extents.length, minWindows, windowMs },
    );
  return { spans, subjects, tooShort: extents.length - subjects.size };
};
