import type { Calendar } from './calendar.ts';
import { accessesOf, foresee, outcomesOf, type TestHours } from './foresee.ts';
import { judgedRows, measure } from './measures.ts';
import type { PairEvent } from './population.ts';
import type { AccessPredictor } from './predictor.ts';
import { statisticalPredictor } from './statistics.ts';

const round = (value: number): number => Math.round(value * 1e5) / 1e5;

const medianOf = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * Judge a model by hours that it has not seen, beside the statistics that need no training.
 *
 * @returns figures for a manifest; those without rows of both outcomes are left out
 */
export const judgePredictors = async (
  model: AccessPredictor,
  events: readonly PairEvent[],
  pairs: readonly string[],
  calendar: Calendar,
  hours: TestHours,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, number>>> => {
  const outcomes = outcomesOf(accessesOf(events, pairs), hours);
  const figures: Record<string, number> = {};
  for (const [predictor, suffix] of [
    [model, ''],
    [statisticalPredictor, 'Statistics'],
  ] as const) {
    const foreseen = await foresee(predictor, events, pairs, calendar, hours, signal);
    const rows = judgedRows(foreseen, outcomes);
    const [onset, day, hour] = [measure(rows.onset), measure(rows.day), measure(rows.hour)];
    Object.assign(figures, {
      [`onsetAp1h${suffix}`]: round(onset.ap),
      [`ap24h${suffix}`]: round(day.ap),
      [`logLoss1h${suffix}`]: round(hour.logLoss),
      [`ece1h${suffix}`]: round(hour.ece),
      [`nextSessionMedianErrorH${suffix}`]: round(medianOf(foreseen.returnErrors)),
    });
  }
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
};
