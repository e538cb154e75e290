import { listRecordings, loadRecording, type Recording } from '../data/index.ts';
import { resourceFeatures, resourceMetrics } from '../features/resource.ts';
import { sha256 } from '../hash.ts';
import {
  anomalyRanges,
  assess,
  benignRanges,
  type Episode,
  scoreEpisodes,
  scoreSubjects,
  type Thresholds,
} from '../training/evaluate.ts';
import type { Random } from '../training/random.ts';
import { drawSubject, type Subject, type SubjectOptions } from '../training/subjects.ts';
import type { CollectedTelemetry } from '../training/telemetry/collect.ts';
import { drawTelemetry } from '../training/telemetry/draw.ts';
import type { TimedSubject } from '../training/telemetry/gather.ts';
import type { Scorer } from './scorer.ts';

/** What a subject is drawn for. */
export type DrawnFor = 'train' | 'validation' | 'calibration';

/** Data to train an anomaly model with, however it came. */
export interface AnomalyTrainingSet {
  /** A subject to learn from, to stop by, or to calibrate with; parts never share one. */
  draw(part: DrawnFor, random: Random): Subject;
  /** Figures of a model on data that it has not seen; numbers by name. */
  judge(scorer: Pick<Scorer, 'score' | 'layout'>, minHistory: number): Promise<Record<string, number>>;
  /** Where the data came from. */
  readonly lineage: Readonly<Record<string, unknown>>;
  /** Of all data. */
  readonly hash: string;
}

/** Scores at which a policy of lifespans acts, unless it says otherwise. */
export const thresholds: Thresholds = { low: 0.4, moderate: 0.6, high: 0.8 };

const drawing: SubjectOptions = {
  windows: [64, 400],
  rowsPerWindow: [1, 5, 5, 5, 10],
  synthetic: 0.2,
  scaling: 1,
  hideMetrics: true,
};
const calibrationWindows: readonly [number, number] = [60, 700];

const fingerprint = (recording: Recording): string => {
  const bytes = resourceMetrics.map((metric) => new Uint8Array(recording.metrics[metric].buffer));
  return sha256(Buffer.concat([recording.labels, ...bytes])).slice(0, 16);
};

/**
 * Recordings as a training set: by machine and by time, `train` to learn from (its last 15 % to stop by), `calibrate` to
 * calibrate with, `benign` and `anomaly` to judge by.
 *
 * @param recordings by default those that ship
 */
export const recordingSet = (
  recordings: readonly Recording[] = listRecordings().map(({ name }) => loadRecording(name)),
): AnomalyTrainingSet => {
  const withRole = (...roles: string[]): Recording[] => recordings.filter(({ role }) => roles.includes(role));
  const [training, calibration] = [withRole('train'), withRole('calibrate')];
  const spec = resourceFeatures;
  const rowsPerWindow = 5;
  const lineage = {
    drawing,
    recordings: recordings.map((it) => ({ name: it.name, role: it.role, source: it.source, hash: fingerprint(it) })),
  };
  return {
    draw(part, random) {
      if (part === 'calibration')
        return drawSubject(random, spec, calibration, [0, 1], {
          ...drawing,
          windows: calibrationWindows,
          synthetic: 0,
        });
      return drawSubject(random, spec, training, part === 'train' ? [0, 0.85] : [0.85, 1], drawing);
    },
    async judge(scorer, minHistory) {
      const scored = (of: (recording: Recording) => ReturnType<typeof benignRanges>): Promise<Episode[]> =>
        scoreEpisodes(scorer, spec, withRole('benign', 'anomaly').flatMap(of), rowsPerWindow);
      const benign = await scored((recording) => benignRanges(recording, 750));
      const anomalous = await scored((recording) => anomalyRanges(recording, 450, 2 * rowsPerWindow, 300));
      return assess(benign, anomalous, thresholds, minHistory);
    },
    lineage,
    hash: sha256(JSON.stringify(lineage)),
  };
};

/** Judged windows that change what is learned; each from some windows before those that were judged. */
export interface Judged {
  /** Legitimate anomalies: they join the baseline, so that they are learned and calibrated with. */
  readonly legitimate: readonly TimedSubject[];
  /** False positives: calibrated with, so that thresholds move. */
  readonly falsePositive: readonly TimedSubject[];
}

/** Share of drawn subjects that are judged ones, where there are any. */
const judgedShare = 0.1;

/** Recordings that ship weigh as this many subjects beside those of the telemetry: a small fleet is not all there is. */
const shippedWeight = 20;

/** Subjects that a cohort needs to be calibrated apart: fewer are no sample of their function. */
const fewestOfCohort = 8;

/** Subjects, of which those of small cohorts belong to none. */
const withLargeCohorts = (subjects: readonly TimedSubject[]): readonly TimedSubject[] => {
  const members = new Map<string, Set<string>>();
  for (const { cohort, subject } of subjects)
    if (cohort !== undefined) members.set(cohort, (members.get(cohort) ?? new Set()).add(subject));
  return subjects.map((one) => {
    const { cohort, ...rest } = one;
    return cohort !== undefined && members.get(cohort)!.size < fewestOfCohort ? rest : one;
  });
};

/**
 * Collected telemetry as a training set. Where it has few subjects, recordings that ship fill in: they are drawn with a
 * share of w/(w + n) beside n subjects of a part.
 *
 * @param judged labelled windows that join it
 */
export const telemetrySet = (
  collected: CollectedTelemetry,
  judged: Judged = { legitimate: [], falsePositive: [] },
): AnomalyTrainingSet => {
  const spec = resourceFeatures;
  const fine = { synthetic: 0.2, hideMetrics: true, windows: drawing.windows };
  const shipped = recordingSet();
  const parts = { ...collected.parts, calibration: withLargeCohorts(collected.parts.calibration) };
  const shippedShare = Object.fromEntries(
    (['train', 'validation', 'calibration'] as const).map((part) => {
      const subjects = new Set(parts[part].map(({ subject }) => subject)).size;
      return [part, shippedWeight / (shippedWeight + subjects)];
    }),
  ) as Record<DrawnFor, number>;
  const joins: Record<DrawnFor, readonly TimedSubject[]> = {
    train: judged.legitimate,
    validation: [],
    calibration: [...judged.legitimate, ...judged.falsePositive],
  };
  const counts = { legitimate: judged.legitimate.length, falsePositive: judged.falsePositive.length };
  return {
    draw(part, random) {
      const options = part === 'calibration' ? { ...fine, windows: calibrationWindows, synthetic: 0 } : fine;
      if (joins[part].length > 0 && random.next() < judgedShare)
        return drawTelemetry(random, spec, joins[part], { ...options, synthetic: 0 });
      if (random.next() < shippedShare[part]) return shipped.draw(part, random);
      return drawTelemetry(random, spec, parts[part], options);
    },
    async judge(scorer, minHistory) {
      return assess(await scoreSubjects(scorer, parts.test, spec.size), [], thresholds, minHistory);
    },
    lineage: {
      telemetry: collected.lineage,
      drawing: fine,
      judged: counts,
      shipped: { share: shippedShare, ...shipped.lineage },
    },
    hash: sha256(
      JSON.stringify([
        collected.hash,
        shipped.hash,
        ...[judged.legitimate, judged.falsePositive].map((all) => all.map(hashOfWindows)),
      ]),
    ),
  };
};

const hashOfWindows = ({ subject, ends, vectors }: TimedSubject): string =>
  sha256(Buffer.concat([Buffer.from(`${subject}\0`), Buffer.from(ends.buffer), Buffer.from(vectors.buffer)]));
