import { createRandom } from '../../models/training/random.ts';
import type { RetrainScopeTask } from '../../pipelines/retrain/scope.ts';
import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import { callAt, t0 } from '../models/scope/calls.ts';

const windowMs = 30_000;
const hour = 3_600_000;

/** People pause as they like; bots come like a clock. */
const visit = (seed: number, bot: boolean): ApiTelemetry[] => {
  const random = createRandom(seed);
  let time = t0 + seed * 60_000;
  return Array.from({ length: 40 }, (_, i) => {
    time += bot ? 6000 : Math.round(1000 + Math.exp(1.5 + 1.2 * random.normal()) * 1000);
    return callAt(time, {
      frontendCredential: `visitor-${seed}`,
      operation: `GET /page/${bot ? i % 20 : random.integer(0, 12)}`,
    });
  });
};
/** Of those that nobody judged, none is a bot. */
export const isBot = (seed: number) => seed % 3 === 0 && seed < 30;
const visitors = Array.from({ length: 60 }, (_, seed) => visit(seed, isBot(seed)));

export const labelOf = (seed: number, verdict: Label['verdict'], more: Partial<Label> = {}): Label => ({
  ...{ subject: `visitor-${seed}`, decisionId: null, verdict, note: '', by: 'ann', at: t0 + 10 * hour + seed },
  windowStart: visitors[seed]![0]!.time - windowMs,
  windowEnd: visitors[seed]!.at(-1)!.time + windowMs,
  ...more,
});
/** Half of the visitors were judged. */
export const judged = Array.from({ length: 30 }, (_, seed) =>
  labelOf(seed, isBot(seed) ? 'maliciousActivity' : seed % 2 === 0 ? 'falsePositive' : 'legitimateAnomaly'),
);

/** Retraining by labels, short enough for a test. */
export const retrainScopeTask = (labels: readonly Label[]): Omit<RetrainScopeTask, 'registry' | 'out'> => ({
  ...{ windowMs, threshold: 30, seed: 1, epochs: 8, backend: 'cpu', now: t0 + 24 * hour },
  labels: { labels: async () => [...labels], decisions: async () => [] },
  calls: { calls: () => visitors.flat() },
  range: { fromMs: t0, toMs: t0 + 24 * hour },
});
