import { map, type OperatorFunction } from 'rxjs';
import type { Alert } from '../schemas/generated/index.ts';
import type { ScoredBatch, WindowEvent } from './batch.ts';
import type { JoinedTopics } from './decideTtl.ts';
import type { AlarmCounts } from './raiseAlarms.ts';

/** Bins of the p-values' histogram, each a tenth. */
const bins = 10;
/** One window in so many of each subject is looked at, so that neighbours, which are alike, do not count as many. */
const everyWindows = 30;
/** The usual parts of features are remembered for so many times as long as the p-values. */
const slower = 20;
/** Fewest p-values that can show a drift. */
const fewest = 60;
/** Distances smaller than this are no drift, however sure. */
const leastDistance = 0.12;
/** Root of the number times distance from which a drift is sure: one look in 100 000 at uniform p-values. */
const significance = 2.5;
const namedFeatures = 3;

const head = { time: 0, weight: 1, usualWeight: 2, drifting: 3 } as const;
const headSize = 4;

/** What a partition remembers of its p-values; plain numbers, so that the changelog can carry them. */
export class DriftState {
  values: Float64Array;

  /** @param saved - what {@link save} gave, if anything */
  constructor(saved: readonly number[] = []) {
    this.values = Float64Array.from(saved);
  }

  /** Make room for a model's features; what was remembered of another number of them begins anew. */
  fit(features: number): void {
    const size = headSize + bins + 2 * features;
    if (this.values.length !== size) this.values = new Float64Array(size);
  }

  /** Numbers to keep. */
  save(): number[] {
    return [...this.values];
  }

  /** Largest distance between the p-values' distribution and the uniform one, 0 to 1. */
  get distance(): number {
    const weight = this.values[head.weight] ?? 0;
    if (weight <= 0) return 0;
    let sum = 0;
    let most = 0;
    for (let bin = 0; bin < bins; bin++) {
      sum += this.values[headSize + bin]!;
      most = Math.max(most, Math.abs(sum / weight - (bin + 1) / bins));
    }
    return most;
  }

  /** Whether an episode of drift is on. */
  get drifting(): boolean {
    return this.values[head.drifting] === 1;
  }
}

const hashOf = (text: string): number => {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) >>> 0;
  return hash;
};

/**
 * Watch whether p-values are still uniform, as calibration promises: a Kolmogorov–Smirnov test on the p-values of the
 * partition's subjects, thinned, with exponential memory in event time. It begins an episode when the distance is both
 * sure and large, says once what moved, and ends it when the distance has halved.
 *
 * @param pipeline - name of the pipeline
 * @param partition - number of the partition
 * @param drift - what is remembered; updated
 * @param topics - where the policy comes from: `driftMs`, `windowMs`
 * @param features - names of the model's features
 * @param counts - is added to
 */
export const detectDrift = (
  pipeline: string,
  partition: number,
  drift: DriftState,
  topics: Pick<JoinedTopics, 'orders'>,
  features: readonly string[],
  counts: AlarmCounts,
): OperatorFunction<ScoredBatch, ScoredBatch> => {
  const size = features.length;
  const fast = headSize + bins;
  const usual = fast + size;
  drift.fit(size);

  const fade = (time: number, memoryMs: number) => {
    const { values } = drift;
    const before = values[head.time]!;
    if (time <= before) return;
    const kept = before === 0 ? 1 : Math.exp(-(time - before) / memoryMs);
    const keptUsual = before === 0 ? 1 : Math.exp(-(time - before) / (memoryMs * slower));
    values[head.weight]! *= kept;
    values[head.usualWeight]! *= keptUsual;
    for (let i = headSize; i < usual; i++) values[i]! *= kept;
    for (let i = usual; i < usual + size; i++) values[i]! *= keptUsual;
    values[head.time] = time;
  };

  /** Features by how far their mean part has moved from what is usual, in the direction in which p-values went. */
  const moved = (up: boolean): string[] => {
    const { values } = drift;
    const weight = values[head.weight]!;
    const usualWeight = values[head.usualWeight]!;
    return features
      .map((name, i) => {
        const change = values[fast + i]! / weight - values[usual + i]! / usualWeight;
        return { name, change: up ? change : -change };
      })
      .filter(({ change }) => change > 0)
      .sort((a, b) => b.change - a.change || (a.name < b.name ? -1 : 1))
      .slice(0, namedFeatures)
      .map(({ name }) => name);
  };

  const judge = (event: WindowEvent, modelVersion: string, alerts: Alert[]) => {
    const { values } = drift;
    const weight = values[head.weight]!;
    if (weight < fewest) return;
    const { distance } = drift;
    const threshold = Math.max(leastDistance, significance / Math.sqrt(weight));
    if (drift.drifting) {
      if (distance < threshold / 2) values[head.drifting] = 0;
      return;
    }
    if (distance <= threshold) return;
    values[head.drifting] = 1;
    counts.drifts = (counts.drifts ?? 0) + 1;
    let low = 0;
    for (let bin = 0; bin < bins / 2; bin++) low += values[headSize + bin]!;
    const up = low / weight > 0.5;
    const names = moved(up);
    alerts.push({
      alertId: `drift/${pipeline}/${partition}/${event.time}`,
      subject: `${pipeline}/${partition}`,
      pipeline,
      kind: 'drift',
      severity: 'warning',
      summary:
        `P-values are no longer uniform: ${Math.round((values[headSize]! / weight) * 100)} % lie below 0.1 ` +
        `(distance ${distance.toFixed(2)} over ${Math.round(weight)} windows), behaviour is ${up ? 'stranger' : 'calmer'} than model ` +
        `${modelVersion} was calibrated for${names.length > 0 ? `; moved most: ${names.join(', ')}` : ''}; retrain`,
      decisionId: null,
      at: event.time,
    });
  };

  return map((batch) => {
    const alerts: Alert[] = [...(batch.alerts ?? [])];
    for (let i = 0; i < batch.events.length; i++) {
      const score = batch.scores[i];
      const event = batch.events[i]!;
      // What was read before is in the state already.
      if (!score || score.learning || event.replayed) continue;
      const { policy } = topics.orders(event.joined, event.time);
      if (Math.floor(event.windowEnd / policy.windowMs) % everyWindows !== hashOf(event.subject) % everyWindows)
        continue;
      fade(event.time, policy.driftMs);
      const { values } = drift;
      values[head.weight]!++;
      values[head.usualWeight]!++;
      values[headSize + Math.min(bins - 1, Math.floor(score.pValue * bins))]!++;
      const { parts, partsFrom = 0 } = score;
      for (let feature = 0; parts && feature < size; feature++) {
        const part = parts[partsFrom + feature]!;
        values[fast + feature]! += part;
        values[usual + feature]! += part;
      }
      judge(event, batch.modelVersions[i]!, alerts);
    }
    return { ...batch, alerts };
  });
};
