import { trainAnomaly } from '../../../models/anomaly/train.ts';
import { telemetrySet } from '../../../models/anomaly/trainingSet.ts';
import { resourceFeatures } from '../../../models/features/resource.ts';
import { collectTelemetry } from '../../../models/training/telemetry/collect.ts';
import { archiveTelemetry } from '../../clickhouse/telemetry.ts';
import { fileTelemetry } from '../../files/telemetry.ts';
import type { Trainer, TrainingPlace } from '../trainers.ts';

const sourceOf = (place: TrainingPlace) =>
  place.kind === 'file' ? fileTelemetry(place.path) : archiveTelemetry(place.archive);

/** Train the anomaly model, on telemetry or on the recordings that ship. */
export const trainAnomalyModel: Trainer = async (request, { say, progress }) => {
  const { data, out, checkpoint, resume, seed, epochs, backend, maxSubjects, code, signal } = request;
  const collected = data
    ? await collectTelemetry(sourceOf(data.place), resourceFeatures, {
        range: data.range,
        windowMs: data.windowMs,
        seed,
        signal,
        ...(maxSubjects === undefined ? {} : { maxSubjects }),
      })
    : undefined;
  if (collected) {
    const counts = Object.entries(collected.parts).map(
      ([part, subjects]) =>
        `${part} ${subjects.reduce((sum, { windows }) => sum + windows, 0)} windows of ${new Set(subjects.map(({ subject }) => subject)).size} subjects`,
    );
    say(`Telemetry: ${counts.join('; ')}`);
    for (const warning of collected.warnings) say(`Note: ${warning}`);
  }
  const { folder, manifest } = await trainAnomaly(
    {
      out,
      seed,
      backend,
      code,
      signal,
      onPhase: (phase) => say(phase === 'calibrates' ? 'Calibrates' : 'Is judged by data that it has not seen'),
      checkpoint: { file: checkpoint, resume, request: request.request },
      ...(epochs === undefined ? {} : { epochs }),
      ...(collected ? { data: telemetrySet(collected) } : {}),
    },
    progress,
  );
  return { folder, version: manifest.version, metrics: manifest.metrics };
};
