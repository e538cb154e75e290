import type { Label } from '../../schemas/generated/Label.ts';
import type { TimeRange } from '../training/telemetry/source.ts';
import { type JudgedDecision, type Judgement, type RefusedLabel, resolveLabels } from './labels.ts';

/** Labels, and the decisions that they are about. */
export interface LabelArchive {
  labels(range: TimeRange): Promise<Label[]>;
  /** Decisions with these ids, and of these subjects the last one before each time. */
  decisions(ids: readonly string[], before: readonly { subject: string; atMs: number }[]): Promise<JudgedDecision[]>;
}

/** What labels come to. */
export interface ResolvedLabels {
  readonly given: readonly Label[];
  /** In order of time. */
  readonly judgements: readonly Judgement[];
  readonly refused: readonly RefusedLabel[];
}

/**
 * The judgements of labels given in a range of time.
 *
 * @param pipeline - labels of other pipelines' decisions are none of them
 * @param windowMs - length of a window of that pipeline
 */
export const judgementsOf = async (
  archive: LabelArchive,
  pipeline: string,
  range: TimeRange,
  windowMs: number,
): Promise<ResolvedLabels> => {
  const given = (await archive.labels(range)).filter(
    ({ decisionId }) => decisionId === null || decisionId.startsWith(`${pipeline}/`),
  );
  const ids = given.flatMap(({ decisionId }) => decisionId ?? []);
  const nameless = given.filter(({ decisionId, windowEnd }) => decisionId === null && windowEnd === null);
  const decisions = await archive.decisions(
    [...new Set(ids)],
    nameless.map(({ subject, at }) => ({ subject, atMs: at })),
  );
  const byId = new Map(decisions.map((decision) => [decision.decisionId, decision]));
  const resolved = resolveLabels(given, {
    windowMs,
    decision: (id) => byId.get(id),
    lastDecision: (subject, atMs) =>
      decisions
        .filter((one) => one.subject === subject && one.windowEnd <= atMs)
        .reduce<JudgedDecision | undefined>(
          (last, one) => (last && last.windowEnd >= one.windowEnd ? last : one),
          undefined,
        ),
  });
  return { given, ...resolved };
};
