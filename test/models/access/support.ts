import { hourMs } from '../../../models/access/calendar.ts';
import { hourOf } from '../../../models/access/history.ts';
import type { PairEvent } from '../../../models/access/population.ts';
import type { AccessSource } from '../../../models/access/source.ts';
import { createRandom } from '../../../models/training/random.ts';

export const firstMs = Date.parse('2026-01-05T00:00:00Z');
export const everything = { fromMs: 0, toMs: 8.64e15 };

/** People who come at their own hour on most working days, and then and now at others; in order of time. */
export const inventedAccesses = (people: number, days: number, seed = 1): PairEvent[] => {
  const random = createRandom(seed);
  const events: PairEvent[] = [];
  for (let person = 0; person < people; person++)
    for (let day = 0; day < days; day++) {
      const times: number[] = [];
      if (day % 7 < 5 && random.next() < 0.9) times.push(7 + (person % 5) + random.next());
      if (random.next() < 0.1) times.push(24 * random.next());
      for (const hour of times)
        events.push({
          pair: `person-${person}`,
          event: { kind: 'access', timeMs: Math.round(firstMs + (day * 24 + hour) * hourMs) },
        });
    }
  return events.sort((a, b) => a.event.timeMs - b.event.timeMs);
};

/** Events as a source in memory. */
export const sourceOf = (events: readonly PairEvent[]): AccessSource => {
  const within = (timeMs: number, { fromMs, toMs }: { fromMs: number; toMs: number }) =>
    timeMs >= fromMs && timeMs < toMs;
  return {
    lineage: { kind: 'memory' },
    async activity(range, visit) {
      for (const { pair, event } of events)
        if (event.kind === 'access' && within(event.timeMs, range)) visit(pair, hourOf(event.timeMs));
    },
    async events(range, pairs, visit) {
      for (const it of events) if (pairs.has(it.pair) && within(it.event.timeMs, range)) visit(it);
    },
  };
};
