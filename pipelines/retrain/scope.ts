import { holdOut, judgedTimes } from '../../models/feedback/holdOut.ts';
import { judgementsOf, type LabelArchive } from '../../models/feedback/labelArchive.ts';
import { labelSummary, type RetrainReport } from '../../models/feedback/report.ts';
import { storeReport } from '../../models/feedback/storeReport.ts';
import { compareScopeModels, type FollowedCredential, type JudgedCalls } from '../../models/scope/compare.ts';
import { type ClosedWindow, WindowFollower } from '../../models/scope/followWindows.ts';
import type { LabelledSequence } from '../../models/scope/learn.ts';
import { defaultScopeModel } from '../../models/scope/model.ts';
import { type NamedStretch, settleConstant } from '../../models/scope/settle.ts';
import { readScopeParts } from '../../models/scope/stored.ts';
import { trainScope } from '../../models/scope/train.ts';
import type { TrainingBackend } from '../../models/training/backend.ts';
import type { TrainingProgress } from '../../models/training/fit.ts';
import type { TimeRange } from '../../models/training/telemetry/source.ts';
import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import type { RetrainRegistry } from './registry.ts';

/** API calls of the past. */
export interface CallSource {
  /** Calls of `[fromMs, toMs)`; those of one credential in the order of their times. */
  calls(fromMs: number, toMs: number): AsyncIterable<ApiTelemetry> | Iterable<ApiTelemetry>;
}

/** What retraining the scope model works with. */
export interface RetrainScopeTask {
  readonly labels: LabelArchive;
  readonly calls: CallSource;
  readonly registry: RetrainRegistry;
  readonly range: TimeRange;
  readonly windowMs: number;
  /** Risk above which a scope is narrowed, 0 to 100. */
  readonly threshold: number;
  /** Folder for the challenger; its last part becomes its version. */
  readonly out: string;
  readonly seed: number;
  readonly epochs?: number;
  /** Credentials without labels that are followed at most: those that come first. @default 500 */
  readonly mostSubjects?: number;
  readonly backend?: TrainingBackend;
  /** Event time of the report, epoch ms. */
  readonly now: number;
  readonly code?: string;
  readonly signal?: AbortSignal;
}

/** Windows of a credential that are kept: the last; of one that was judged, all of a longer time. */
const mostWindows = { unjudged: 120, judged: 5000 } as const;
/** Of credentials without labels every so many-th only judges. */
const unlabelledEvery = 4;

/** Follow the calls of the range: of every credential that was judged, and of some others. */
const followCalls = async (task: RetrainScopeTask, judged: ReadonlySet<string>): Promise<FollowedCredential[]> => {
  const { calls, range, windowMs, mostSubjects = 500 } = task;
  const windows = new Map<string, ClosedWindow[]>();
  const follower = new WindowFollower(windowMs, (subject, window) => {
    const kept = windows.get(subject) ?? [];
    kept.push(window);
    if (kept.length > mostWindows[judged.has(subject) ? 'judged' : 'unjudged']) kept.shift();
    windows.set(subject, kept);
  });
  let others = 0;
  for await (const call of calls.calls(range.fromMs, range.toMs)) {
    const { frontendCredential: subject } = call;
    if (!follower.has(subject) && !judged.has(subject) && others++ >= mostSubjects) continue;
    follower.take(call);
  }
  follower.finish();
  return [...windows].map(([subject, all]) => ({ subject, windows: all }));
};

/** What the challenger learns: each judged stretch for itself, and what nobody judged as benign. */
const lessons = (
  learned: readonly NamedStretch[],
  followed: readonly FollowedCredential[],
  wasJudged: (subject: string, window: ClosedWindow) => boolean,
): LabelledSequence[] => [
  ...learned.map(
    ({
      name,
      stretch: {
        windows,
        judgement: { verdict, fromMs, toMs },
      },
    }) => ({
      subject: name,
      malicious: verdict === 'maliciousActivity',
      vectors: windows.filter(({ start, end }) => end > fromMs && start < toMs).map(({ vector }) => vector),
    }),
  ),
  ...followed.map(({ subject, windows }) => ({
    subject,
    malicious: false,
    vectors: windows
      .filter((window) => !wasJudged(subject, window))
      .slice(-mostWindows.unjudged)
      .map(({ vector }) => vector),
  })),
];

/**
 * Let analysts' labels change the next scope model: what was judged malicious supervises, what was judged legitimate or a
 * false positive is benign and weighs as much as a credential of its own; a challenger made of them replaces the champion
 * only if it wins on what it has not learned from and loses no labelled attack.
 *
 * @returns the report, whatever came of it
 * @throws {EbbtideError} of the archive, the registry and the training
 */
export const retrainScope = async (
  task: RetrainScopeTask,
  onProgress: (progress: TrainingProgress) => void = () => undefined,
): Promise<RetrainReport> => {
  const { registry, range, windowMs, seed, out, threshold, now } = task;
  const place = await registry.champion();
  const champion = place === undefined ? undefined : await readScopeParts(place);
  const resolved = await judgementsOf(task.labels, 'scope', range, windowMs);
  const { judgements } = resolved;
  const followed = await followCalls(task, new Set(judgements.map(({ subject }) => subject)));
  const bySubject = new Map(followed.map((one) => [one.subject, one]));
  const judged: JudgedCalls[] = [];
  const without: (typeof judgements)[number][] = [];
  for (const judgement of judgements) {
    const windows = bySubject.get(judgement.subject)?.windows ?? [];
    const inside = windows.some(({ start, end }) => end > judgement.fromMs && start < judgement.toMs);
    if (inside) judged.push({ subject: judgement.subject, windows, judgement });
    else without.push(judgement);
  }
  const { learned, heldOut } = holdOut(judged);
  const base = {
    at: new Date(now).toISOString(),
    champion: champion?.manifest.version ?? defaultScopeModel.version,
    labels: labelSummary(resolved, judged, heldOut.length, without),
  };
  if (judged.length === 0)
    return { ...base, outcome: 'skipped', reasons: ['No label can be used: there is nothing to learn from'] };

  const stretches = learned.map((stretch, i) => ({ name: `${stretch.subject} (judged ${i + 1})`, stretch }));
  const timeJudged = judgedTimes(judgements);
  const wasJudged = (subject: string, { start, end }: ClosedWindow): boolean =>
    timeJudged(subject, start) || timeJudged(subject, end - 1);
  const judgedSubjects = new Set(judged.map(({ subject }) => subject));
  const others = followed.filter(({ subject }) => !judgedSubjects.has(subject));
  const unlabelled = others.filter((_, i) => i % unlabelledEvery === 0);
  const held = new Set(unlabelled);
  const { manifest } = await trainScope(
    {
      ...{ out, seed },
      sequences: lessons(
        stretches,
        followed.filter((one) => !held.has(one)),
        wasJudged,
      ),
      lineage: {
        source: { kind: 'archive' },
        range,
        windowMs,
        champion: base.champion,
        judged: { learned: learned.length, heldOut: heldOut.length },
      },
      created: base.at,
      settle: (challenger) => settleConstant(challenger, champion?.parts, stretches, threshold),
      ...(task.epochs === undefined ? {} : { epochs: task.epochs }),
      ...(task.backend === undefined ? {} : { backend: task.backend }),
      ...(task.code === undefined ? {} : { code: task.code }),
      ...(task.signal ? { signal: task.signal } : {}),
    },
    onProgress,
  );
  const { parts } = await readScopeParts(out);
  const comparison = await compareScopeModels(champion?.parts, parts, { heldOut, judged, unlabelled, threshold });
  const report = {
    ...base,
    challenger: manifest.version,
    outcome: comparison.wins ? ('promoted' as const) : ('kept' as const),
    reasons: comparison.reasons,
    comparison,
    lineage: manifest.lineage,
  };
  const version = await registry.publish(out, storeReport(report));
  if (comparison.wins) await registry.promote(version, comparison.reasons.join('; '));
  return report;
};
