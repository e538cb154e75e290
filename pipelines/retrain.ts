import { type AnomalyManifest, type ModelSource, readManifest, readModelFile } from '../models/anomaly/manifest.ts';
import { type AnomalyModel, loadAnomalyModel, readWeights } from '../models/anomaly/model.ts';
import { trainAnomaly } from '../models/anomaly/train.ts';
import { telemetrySet, thresholds } from '../models/anomaly/trainingSet.ts';
import { resourceFeatures } from '../models/features/resource.ts';
import { compareModels, reach } from '../models/feedback/compare.ts';
import { type FeedbackHead, feedbackFile, headSchema } from '../models/feedback/head.ts';
import { holdOut, judgedTimes } from '../models/feedback/holdOut.ts';
import { collectJudged, type JudgedStretch } from '../models/feedback/judged.ts';
import { judgementsOf, type LabelArchive } from '../models/feedback/labelArchive.ts';
import type { Verdict } from '../models/feedback/labels.ts';
import { labelSummary, type RetrainReport } from '../models/feedback/report.ts';
import { storeReport } from '../models/feedback/storeReport.ts';
import type { TrainingBackend } from '../models/training/backend.ts';
import type { TrainingProgress } from '../models/training/fit.ts';
import { type CollectedTelemetry, collectTelemetry } from '../models/training/telemetry/collect.ts';
import type { TelemetrySource, TimeRange } from '../models/training/telemetry/source.ts';
import { EbbtideError } from '../schemas/errors.ts';
import type { RetrainRegistry } from './retrain/registry.ts';

/** What a retraining works with. */
export interface RetrainTask {
  readonly labels: LabelArchive;
  readonly telemetry: TelemetrySource;
  readonly registry: RetrainRegistry;
  readonly range: TimeRange;
  readonly windowMs: number;
  /** Folder for the challenger; its last part becomes its version. */
  readonly out: string;
  readonly seed: number;
  /** Epochs of fine-tuning from the champion's weights; 0 keeps its network. */
  readonly epochs: number;
  /** Subjects to calibrate with. @default 1200 */
  readonly calibrationSubjects?: number;
  readonly minWindows?: number;
  /** Make a challenger where no label can be used, too, say after a drift; it is published, and does not win. */
  readonly withoutLabels?: boolean;
  readonly stepsPerEpoch?: number;
  readonly backend?: TrainingBackend;
  /** Event time of the report, epoch ms. */
  readonly now: number;
  readonly code?: string;
  readonly signal?: AbortSignal;
}

/** Train the challenger: the champion's network goes on learning, the calibration is made anew, labels supervise. */
const challenge = async (
  task: RetrainTask,
  championPlace: string | ModelSource,
  champion: AnomalyModel,
  { collected, learned }: { collected: CollectedTelemetry; learned: readonly JudgedStretch[] },
  onProgress: (progress: TrainingProgress) => void,
): Promise<AnomalyManifest> => {
  const judgedAs = (verdict: Verdict) => learned.filter(({ judgement }) => judgement.verdict === verdict);
  const { out, seed, epochs, calibrationSubjects, stepsPerEpoch, backend, code, signal } = task;
  const reached = (await reach(champion, learned, thresholds.moderate)).map(({ highest }) => highest);
  const { manifest } = await trainAnomaly(
    {
      ...{ out, seed, epochs },
      data: telemetrySet(collected, {
        legitimate: judgedAs('legitimateAnomaly'),
        falsePositive: judgedAs('falsePositive'),
      }),
      parameters: champion.manifest.parameters,
      initial: await readWeights(championPlace, champion.manifest),
      supervision: { judged: learned, reached, background: [...collected.parts.train, ...collected.parts.calibration] },
      created: new Date(task.now).toISOString(),
      ...(calibrationSubjects === undefined ? {} : { calibrationSubjects }),
      ...(stepsPerEpoch === undefined ? {} : { stepsPerEpoch }),
      ...(backend === undefined ? {} : { backend }),
      ...(code === undefined ? {} : { code }),
      ...(signal ? { signal } : {}),
    },
    onProgress,
  );
  return manifest;
};

/** Load a model for as long as something is done with it. */
const withModel = async <T>(place: string | ModelSource, use: (model: AnomalyModel) => Promise<T>): Promise<T> => {
  const model = await loadAnomalyModel(place);
  try {
    return await use(model);
  } finally {
    await model.close();
  }
};

const readHead = async (place: string | ModelSource, manifest: AnomalyManifest): Promise<FeedbackHead | undefined> =>
  manifest.files[feedbackFile]
    ? headSchema.parse(JSON.parse((await readModelFile(place, manifest, feedbackFile)).toString('utf8')))
    : undefined;

/**
 * Let analysts' labels change the next model: legitimate anomalies join the baseline, false positives move thresholds,
 * malicious activity supervises; a challenger made of them replaces the champion only if it wins on what it has not
 * learned from and loses no labelled attack.
 *
 * @returns the report, whatever came of it
 * @throws {EbbtideError} of the archive, the registry and the training
 */
export const retrain = async (
  task: RetrainTask,
  onProgress: (progress: TrainingProgress) => void = () => undefined,
): Promise<RetrainReport> => {
  const { registry, telemetry, range, windowMs, seed, signal, out } = task;
  const championPlace = await registry.champion();
  if (championPlace === undefined)
    throw new EbbtideError('MODEL_INCOMPATIBLE', 'The anomaly model has no version that is built in; name one');
  const manifest = await readManifest(championPlace);
  const resolved = await judgementsOf(task.labels, 'lifecycle', range, windowMs);
  const { judgements } = resolved;
  const common = { windowMs, ...(signal ? { signal } : {}) };
  const { stretches, without } = await collectJudged(telemetry, resourceFeatures, judgements, common);
  const { learned, heldOut } = holdOut(stretches);
  const base = {
    at: new Date(task.now).toISOString(),
    champion: manifest.version,
    labels: labelSummary(resolved, stretches, heldOut.length, without),
  };
  if (stretches.length === 0 && !task.withoutLabels)
    return { ...base, outcome: 'skipped', reasons: ['No label can be used: there is nothing to learn from'] };

  // What was judged enters as its judgement says and not otherwise: attacks must not become part of the baseline, and
  // what is held out must be new to the challenger.
  const collected = await collectTelemetry(telemetry, resourceFeatures, {
    range,
    seed,
    exclude: judgedTimes(judgements),
    ...common,
    ...(task.minWindows === undefined ? {} : { minWindows: task.minWindows }),
  });
  const { manifest: made, comparison } = await withModel(championPlace, async (champion) => {
    const manifest = await challenge(task, championPlace, champion, { collected, learned }, onProgress);
    const unlabelled = collected.parts.test;
    const comparison = await withModel(out, (challenger) =>
      compareModels(champion, challenger, { heldOut, judged: stretches, unlabelled, thresholds }),
    );
    return { manifest, comparison };
  });
  const head = await readHead(out, made);
  const report = {
    ...base,
    challenger: made.version,
    outcome: comparison.wins ? ('promoted' as const) : ('kept' as const),
    reasons: comparison.reasons,
    comparison,
    ...(head ? { head } : {}),
    lineage: made.lineage,
  };
  const version = await registry.publish(out, storeReport(report));
  if (comparison.wins) await registry.promote(version, comparison.reasons.join('; '));
  return report;
};
