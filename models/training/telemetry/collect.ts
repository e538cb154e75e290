import { createHash } from 'node:crypto';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { FeatureSpec } from '../../features/spec.ts';
import { findFaults } from './faults.ts';
import { Gatherer, type TimedSubject, withCohort } from './gather.ts';
import { SubjectReservoir } from './reservoir.ts';
import type { TelemetrySource, TimeRange } from './source.ts';
import { type Part, parts, splitSubjects } from './split.ts';

/** How telemetry is collected. */
export interface CollectOptions {
  /** Samples in `[fromMs, toMs)` are read, epoch ms. */
  readonly range: TimeRange;
  /** Length of a window, ms: the one that the pipeline scores. */
  readonly windowMs: number;
  readonly seed: number;
  /** Subjects in the sample at most. @default 600 */
  readonly maxSubjects?: number;
  /** Windows kept of one subject at most. @default 1500 */
  readonly maxWindows?: number;
  /** Windows that a subject needs to be used. @default 64 */
  readonly minWindows?: number;
  /** Windows without a sample after which a subject's history begins anew. @default 30 */
  readonly gapWindows?: number;
  /** Samples to leave out, such as those that were labelled malicious. */
  readonly exclude?: (subject: string, timeMs: number) => boolean;
  readonly signal?: AbortSignal;
}

/** Telemetry as windows, split so that parts share neither subject nor time. */
export interface CollectedTelemetry {
  readonly parts: Readonly<Record<Part, readonly TimedSubject[]>>;
  /** What was met that somebody should know of, one sentence each. */
  readonly warnings: readonly string[];
  /** Query, split and counts, with hashes of the query and of the windows that came of it. */
  readonly lineage: Readonly<Record<string, unknown>>;
  /** SHA-256 of all windows: the same telemetry gives the same. */
  readonly hash: string;
}

const iso = (range: TimeRange): readonly string[] =>
  [range.fromMs, range.toMs].map((time) => new Date(time).toISOString());

const hashOf = (all: Readonly<Record<Part, readonly TimedSubject[]>>): string => {
  const hash = createHash('sha256');
  for (const part of parts)
    for (const { subject, ends, vectors, cohort } of all[part]) {
      hash.update(`${part}\0${subject}\0${ends.length}\0${cohort ?? ''}`);
      hash.update(new Uint8Array(ends.buffer, ends.byteOffset, ends.byteLength));
      hash.update(new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
    }
  return hash.digest('hex');
};

/**
 * Read telemetry twice, once for its subjects and once for the samples of those that were chosen, and make windows.
 * What is held is bounded by `maxSubjects` × `maxWindows` windows, whatever the source has.
 *
 * @throws {EbbtideError} `DATA_MISSING` when there is nothing, too little, or nothing that changes; `CANCELLED`
 */
export const collectTelemetry = async (
  source: TelemetrySource,
  spec: FeatureSpec,
  options: CollectOptions,
): Promise<CollectedTelemetry> => {
  const { range, windowMs, seed, signal, exclude } = options;
  const { maxSubjects = 600, maxWindows = 1500, minWindows = 64, gapWindows = 30 } = options;
  const reservoir = new SubjectReservoir(maxSubjects, seed);
  await source.extents(range, (...extent) => reservoir.see(...extent), signal);
  const extents = reservoir.extents();
  if (extents.length === 0)
    throw new EbbtideError(
      'DATA_MISSING',
      `There is no telemetry from ${iso(range).join(' to ')}; take a longer range, or look at what there is with "ebbtide query"`,
      { range: iso(range) },
    );
  const split = splitSubjects(extents, { windowMs, minWindows });
  const wanted = new Map(
    [...split.subjects].map(([subject, { part }]) => {
      const { fromMs, toMs } = split.spans[part];
      return [subject, { fromMs: Math.max(fromMs, range.fromMs), toMs: Math.min(toMs, range.toMs) }];
    }),
  );
  const gatherer = new Gatherer(spec, { windowMs, maxWindows, gapWindows });
  let excluded = 0;
  await source.samples(
    wanted,
    (subject, timeMs, values) => {
      if (exclude?.(subject, timeMs)) excluded++;
      else gatherer.add(subject, timeMs, values);
    },
    signal,
  );
  if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Training was cancelled while it read telemetry');
  // By name: sources may give subjects in another order each time.
  const cohorts = await source.cohorts?.([...wanted.keys()], signal);
  const stretches = gatherer
    .finish(minWindows)
    .map((it) => withCohort(it, cohorts?.get(it.subject)))
    .sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.ends[0]! - b.ends[0]!));
  const byPart = Object.fromEntries(
    parts.map((part) => [part, stretches.filter(({ subject }) => split.subjects.get(subject)!.part === part)]),
  ) as Record<Part, TimedSubject[]>;
  const warnings = findFaults(byPart, spec, { counts: gatherer.counts, tooShort: split.tooShort, minWindows });
  const hash = hashOf(byPart);
  const { counts } = gatherer;
  return {
    parts: byPart,
    warnings,
    hash,
    lineage: {
      source: source.lineage,
      range: iso(range),
      queryHash: createHash('sha256')
        .update(JSON.stringify([source.lineage, iso(range)]))
        .digest('hex'),
      dataHash: hash,
      windowMs,
      split: 'disjoint in subject and in time',
      parts: Object.fromEntries(
        parts.map((part) => [
          part,
          {
            span: iso(split.spans[part]),
            subjects: new Set(byPart[part].map(({ subject }) => subject)).size,
            windows: byPart[part].reduce((sum, { windows }) => sum + windows, 0),
          },
        ]),
      ),
      sample: { subjects: extents.length, maxSubjects, refusedReports: reservoir.refused },
      counts: { ...counts, excluded },
      warnings,
    },
  };
};
