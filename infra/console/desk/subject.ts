import type { SeenTogether, SubjectTimeline } from '../../clickhouse/desk.ts';
import type { Model } from '../model.ts';
import { Lane } from '../view/lane.ts';
import type { Change } from '../view/protocol.ts';
import type { RelatedGroup, SubjectDetail } from '../view/subject.ts';

const points = 1_500;
const mostRelated = 25;
const togetherMs = 86_400_000;

/** A lane out of what the archive has. */
const laneOf = (id: string, timeline: SubjectTimeline, model: Model, from: number): Lane => {
  const live = model.view.lanes.get(id);
  const lane = new Lane(id, { historyMs: Number.MAX_SAFE_INTEGER, points, moments: 1_000 });
  const credential = model.desk.register.credentialOf(id);
  if (credential) {
    const { reference: _reference, mount: _mount, entityId: _entityId, ...shown } = credential;
    lane.credential = shown;
    lane.life.set(credential.issuedAt, credential.issuedAt + credential.ttlMs);
  }
  for (const { at, expiresAt } of timeline.life) lane.life.set(at, expiresAt);
  const changes: Change[] = [
    ...timeline.decisions.map((decision) => ({ type: 'decision' as const, id, at: decision.windowEnd, decision })),
    ...timeline.effects.map((effect) => ({ type: 'effect' as const, id, at: effect.appliedAt, effect })),
    ...timeline.alerts.map((alert) => ({ type: 'alert' as const, id, at: alert.at, alert })),
    ...timeline.labels.map((label) => ({ type: 'label' as const, id, at: label.at, label })),
  ];
  for (const change of changes.sort((left, right) => ('at' in left && 'at' in right ? left.at - right.at : 0)))
    lane.apply(change);
  for (const { at, score, learning } of timeline.scores)
    lane.scores.push(at, learning ? -Math.max(score, 1e-9) : score);
  lane.lastScore = live?.lastScore ?? timeline.lastScore;
  lane.life.prune(from);
  // The archive lags a little: what came live since is put behind it
  for (const moment of live?.moments ?? [])
    if (!lane.moments.some((known) => known.id === moment.id)) lane.moments.push(moment);
  const until = lane.scores.at(-2) ?? 0;
  for (let index = 0; index < (live?.scores.length ?? 0); index += 2)
    if (live!.scores[index]! > until + 1_000) lane.scores.push(live!.scores[index]!, live!.scores[index + 1]!);
  return lane;
};

const sharedFeatures = (lane: Lane): SubjectDetail['features'] => lane.lastScore?.contributions ?? [];

const groupsOf = (seen: readonly SeenTogether[], model: Model): RelatedGroup[] =>
  (['host', 'address', 'machine'] as const).flatMap((by) => {
    const rows = seen.filter((row) => row.by === by);
    if (rows.length === 0) return [];
    const entries = rows.map(({ subject }) => ({
      id: subject,
      name: model.desk.register.nameOf(subject),
      status: model.desk.register.entryOf(subject)?.status ?? ('unregistered' as const),
    }));
    return [{ by, of: rows[0]!.of, total: rows.length, entries }];
  });

/**
 * Everything that is known of a subject since a time: from the archive, and from what came live where it does not answer.
 *
 * @returns undefined where nobody has heard of it
 */
export const subjectDetail = async (
  model: Model,
  id: string,
  from: number,
  now: number,
): Promise<SubjectDetail | undefined> => {
  const { desk } = model;
  const [timeline, seen] = await Promise.all([
    desk.archive.attempt((archive) => archive.timeline(id, from, now, points)),
    desk.archive.attempt((archive) => archive.related(id, now - togetherMs, mostRelated)),
  ]);
  const entry = desk.register.entryOf(id) ?? null;
  const live = model.view.lanes.get(id);
  const lane = timeline ? laneOf(id, timeline, model, from) : (live ?? new Lane(id, model.view.limits));
  const isKnown =
    entry !== null || live !== undefined || lane.moments.length > 0 || lane.scores.length > 0 || lane.alerts.length > 0;
  if (!isKnown) return undefined;
  return {
    id,
    now,
    from,
    archive: desk.archive.state,
    entry,
    lane: lane.snapshot(points),
    traits: timeline?.scores.flatMap(({ at, severity, frequency }) => [at, severity, frequency]) ?? [],
    features: timeline && timeline.features.length > 0 ? timeline.features : sharedFeatures(lane),
    related: [
      ...desk.register.relatedOf(id, mostRelated).map((group) => ({ ...group, by: group.by as RelatedGroup['by'] })),
      ...groupsOf(seen ?? [], model),
    ],
    investigations: desk.investigations.about(id),
  };
};
