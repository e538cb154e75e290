import { concatMap, type OperatorFunction } from 'rxjs';
import type { AssessedBehaviour, GatheredBehaviour } from './behaviour.ts';

/**
 * Compare bursts with what is known of their user, in order. What has faults is not compared.
 *
 * @param compare - gives the log odds that they are an impostor's; NaN where nothing could be compared
 */
export const assessBehaviour = (
  compare: (event: GatheredBehaviour) => number | Promise<number>,
): OperatorFunction<GatheredBehaviour, AssessedBehaviour> =>
  concatMap(async (event) => ({ ...event, logOdds: event.faults.length > 0 ? Number.NaN : await compare(event) }));
