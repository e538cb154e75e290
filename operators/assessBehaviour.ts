import { concatMap, type OperatorFunction } from 'rxjs';
import type { AssessedBehaviour, Comparison, GatheredBehaviour } from './behaviour.ts';

/**
 * Compare bursts with what is known of their user, in order. What has faults is not compared.
 *
 * @param compare - says whose they look like
 */
export const assessBehaviour = (
  compare: (event: GatheredBehaviour) => Comparison | Promise<Comparison>,
): OperatorFunction<GatheredBehaviour, AssessedBehaviour> =>
  concatMap(async (event) => ({
    ...event,
    ...(event.faults.length > 0 ? { logOdds: Number.NaN, counts: 1 } : await compare(event)),
  }));
