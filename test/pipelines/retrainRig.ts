import { join } from 'node:path';
import { trainAnomaly } from '../../models/anomaly/train.ts';
import { telemetrySet } from '../../models/anomaly/trainingSet.ts';
import { resourceFeatures, resourceMetrics } from '../../models/features/resource.ts';
import { collectTelemetry } from '../../models/training/telemetry/collect.ts';
import type { RetrainTask } from '../../pipelines/retrain.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import { everything, firstMs, inventedSamples, sourceOf } from '../models/training/telemetry/support.ts';

const windowMs = 2000;
const subjects = 16;
const rows = 900;
const moved = (names: readonly string[]) => names.map((name) => resourceMetrics.indexOf(name as never));
const byJob = moved(['threads', 'connections', 'memoryBytes', 'readBytes', 'cpuCores']);
const byAttack = moved(['apiErrors', 'apiCalls', 'sentBytes', 'dataReads', 'receivedBytes']);
/** Each subject has a nightly job twice, and every second one is attacked twice; they move other metrics. */
export const incidents = Array.from({ length: subjects }, (_, subject) => {
  const job = [300 + 4 * subject, 600 + 4 * subject].map((second) => ({ subject, second, attack: false }));
  const attack = [450 + 4 * subject, 780 + 4 * subject].map((second) => ({ subject, second, attack: true }));
  return subject % 2 === 0 ? [...job, ...attack] : job;
}).flat();
const length = 24;

const telemetry = sourceOf(
  inventedSamples(subjects, rows, 8).map((sample) => {
    const second = (sample.time - firstMs) / 1000;
    for (const incident of incidents) {
      const inside = second >= incident.second && second < incident.second + length;
      if (sample.subject !== `cred-${incident.subject}` || !inside) continue;
      for (const metric of incident.attack ? byAttack : byJob) sample.values[metric]! *= 3;
    }
    return sample;
  }),
);

export const labelOf = ({ subject, second, attack }: (typeof incidents)[number], more: Partial<Label> = {}): Label => ({
  subject: `cred-${subject}`,
  decisionId: null,
  verdict: attack ? 'maliciousActivity' : 'falsePositive',
  windowStart: firstMs + second * 1000,
  windowEnd: firstMs + (second + length) * 1000,
  note: '',
  by: 'ann',
  at: firstMs + 10_000_000,
  ...more,
});

/** A champion that knows neither jobs nor attacks. @returns its folder */
export const trainedChampion = async (folder: string): Promise<string> => {
  const collected = await collectTelemetry(telemetry, resourceFeatures, {
    range: everything,
    windowMs,
    seed: 1,
    minWindows: 40,
    exclude: (subject, time) =>
      incidents.some(
        (it) =>
          subject === `cred-${it.subject}` &&
          time >= firstMs + it.second * 1000 &&
          time < firstMs + (it.second + length) * 1000,
      ),
  });
  const out = join(folder, 'first');
  await trainAnomaly({
    ...{ out, data: telemetrySet(collected), epochs: 1, stepsPerEpoch: 20, batch: 8, steps: 16 },
    ...{ calibrationSubjects: 150, backend: 'wasm' },
  });
  return out;
};

/** Retraining by labels, short enough for a test. */
export const retrainTask = (labels: readonly Label[]): Omit<RetrainTask, 'registry' | 'out'> => ({
  labels: { labels: async () => [...labels], decisions: async () => [] },
  telemetry,
  range: everything,
  windowMs,
  seed: 2,
  epochs: 0,
  calibrationSubjects: 150,
  minWindows: 40,
  backend: 'wasm',
  now: firstMs + 20_000_000,
});
