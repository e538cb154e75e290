import type { FeatureSpec } from '../features/spec.ts';
import { Gatherer, type TimedSubject, withCohort } from '../training/telemetry/gather.ts';
import type { TelemetrySource, TimeRange } from '../training/telemetry/source.ts';
import type { Judgement } from './labels.ts';

/** Windows of a judged stretch, with windows before it from which a model learns what is usual for the subject. */
export interface JudgedStretch extends TimedSubject {
  readonly judgement: Judgement;
  /** The first judged window. */
  readonly judgedFrom: number;
}

/** How judged stretches are collected. */
export interface JudgedOptions {
  readonly windowMs: number;
  /** Windows before a judged stretch. @default 1200 */
  readonly contextWindows?: number;
  /** Windows before it without which it cannot be judged by a model. @default 40 */
  readonly minContext?: number;
  readonly signal?: AbortSignal;
}

/**
 * Collect the telemetry of judgements.
 *
 * @returns a stretch for each judgement that has telemetry, in their order, and the judgements without
 */
export const collectJudged = async (
  source: TelemetrySource,
  spec: FeatureSpec,
  judgements: readonly Judgement[],
  { windowMs, contextWindows = 1200, minContext = 40, signal }: JudgedOptions,
): Promise<{ stretches: JudgedStretch[]; without: Judgement[] }> => {
  const wanted = new Map<string, TimeRange>();
  for (const { subject, fromMs, toMs } of judgements) {
    const range = wanted.get(subject);
    const begin = fromMs - contextWindows * windowMs;
    wanted.set(subject, {
      fromMs: Math.min(range?.fromMs ?? Number.POSITIVE_INFINITY, begin),
      toMs: Math.max(range?.toMs ?? 0, toMs),
    });
  }
  const gatherer = new Gatherer(spec, { windowMs, maxWindows: 20_000, gapWindows: contextWindows });
  if (wanted.size > 0) await source.samples(wanted, (...sample) => gatherer.add(...sample), signal);
  const cohorts = await source.cohorts?.([...wanted.keys()], signal);
  const gathered = gatherer.finish(1).map((it) => withCohort(it, cohorts?.get(it.subject)));
  const stretches: JudgedStretch[] = [];
  const without: Judgement[] = [];
  for (const judgement of judgements) {
    const stretch = gathered
      .filter(({ subject }) => subject === judgement.subject)
      .map((subject) => cut(spec.size, subject, judgement, contextWindows))
      .find((one) => one && one.judgedFrom >= minContext);
    if (stretch) stretches.push(stretch);
    else without.push(judgement);
  }
  return { stretches, without };
};

/** The windows that end within a judgement, and those before. */
const cut = (
  size: number,
  { subject, ends, vectors, cohort }: TimedSubject,
  judgement: Judgement,
  contextWindows: number,
): JudgedStretch | undefined => {
  const first = ends.findIndex((end) => end > judgement.fromMs);
  if (first < 0) return undefined;
  let to = first;
  while (to < ends.length && ends[to]! <= judgement.toMs) to++;
  if (to === first) return undefined;
  const from = Math.max(0, first - contextWindows);
  return {
    subject,
    ...(cohort === undefined ? {} : { cohort }),
    windows: to - from,
    vectors: vectors.slice(from * size, to * size),
    ends: ends.slice(from, to),
    judgement,
    judgedFrom: first - from,
  };
};
