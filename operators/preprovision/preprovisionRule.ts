import { quantileOf, type Survival, survivalAt } from '../../models/access/hazard.ts';
import type { PreprovisionPolicy } from '../../schemas/preprovisionPolicy.ts';

/** What is expected of a pair. */
export interface Expectation {
  readonly survival: Survival;
  /** Whether forecasts of this pair are worth anything; see `GuardedForecast`. */
  readonly helps: boolean;
}

/** What is weighed, and what comes of it. */
export interface PreprovisionOutcome {
  readonly prepare: boolean;
  /** Why not; empty when it is prepared. */
  readonly reason: '' | 'unlikely' | 'unpredictable' | 'exposure';
  /** Chance of a request within the window, 0 to 1. */
  readonly chance: number;
  /** Median of the time to the next request, hours; infinity beyond what is foreseen. */
  readonly expectedHours: number;
  /** Hours between which the next request lies with 80 %. */
  readonly interval: readonly [number, number];
  /** Minutes that a credential for the window is expected to lie unused. */
  readonly unusedMinutes: number;
  /** Minutes unused for each request that finds one: what a saved wait costs. */
  readonly exposurePerHitMinutes: number;
}

const steps = 12;

/** Minutes that a credential lies until it is used or the window ends, expected: the area below the survival. */
const expectedMinutes = (survival: Survival, hours: number): number => {
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const [from, to] = [(step / steps) * hours, ((step + 1) / steps) * hours];
    sum += ((survivalAt(survival, from) + survivalAt(survival, to)) / 2) * (to - from);
  }
  return 60 * sum;
};

/**
 * Weigh the waiting that a prepared credential saves against its exposure: it is worth preparing when the minutes that it
 * is expected to lie unused, divided by the chance that it is asked for, are no more than the policy allows for a hit. A
 * user's risk makes exposure dearer: by as many percent as the risk is.
 *
 * @param risk of the user, 0 to 100
 */
export const preprovisionRule = (
  { survival, helps }: Expectation,
  risk: number,
  policy: Pick<PreprovisionPolicy, 'windowHours' | 'minChance' | 'exposurePerHitMinutes'>,
): PreprovisionOutcome => {
  const chance = 1 - survivalAt(survival, policy.windowHours);
  const unusedMinutes = expectedMinutes(survival, policy.windowHours);
  const exposurePerHitMinutes = (unusedMinutes / Math.max(1e-9, chance)) * (1 + risk / 100);
  const reason = !helps
    ? 'unpredictable'
    : !(chance >= policy.minChance)
      ? 'unlikely'
      : exposurePerHitMinutes <= policy.exposurePerHitMinutes
        ? ''
        : 'exposure';
  return {
    prepare: reason === '',
    reason,
    chance,
    expectedHours: quantileOf(survival, 0.5),
    interval: [quantileOf(survival, 0.1), quantileOf(survival, 0.9)],
    unusedMinutes,
    exposurePerHitMinutes,
  };
};
