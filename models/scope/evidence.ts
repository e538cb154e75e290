import { type ScopeFeatureName, scopeFeatures } from './features.ts';

/** A sign of misuse: between two values of a feature its weight grows from nothing to all. */
interface Sign {
  readonly feature: ScopeFeatureName;
  readonly from: number;
  readonly to: number;
  /** Log-odds of misuse that it adds at most. */
  readonly weight: number;
  /** Whether it says less of a credential that has always done so. */
  readonly habit?: true;
}

const ln1p = Math.log1p;

/**
 * What anybody would look at, weighed without any data: enumeration, refusals, changes of privilege, logging that is
 * switched off, a place, network, client or service that a credential never had, amounts far above its own.
 *
 * Weights are judgement. No sign but a travel that cannot be, attackers' tools and logging switched off reaches the
 * range of a restriction alone; two or three that come together do.
 */
export const signs: readonly Sign[] = [
  { feature: 'operations.reads', from: ln1p(12), to: ln1p(60), weight: 3, habit: true },
  { feature: 'services.count', from: ln1p(4), to: ln1p(20), weight: 1.5, habit: true },
  { feature: 'errors.refusedOperations', from: ln1p(1), to: ln1p(12), weight: 4, habit: true },
  { feature: 'errors.refused', from: 0.1, to: 0.6, weight: 1, habit: true },
  { feature: 'errors.failed', from: 0.3, to: 0.9, weight: 0.5, habit: true },
  { feature: 'operations.privileged', from: 0, to: ln1p(6), weight: 2.5, habit: true },
  { feature: 'operations.evading', from: 0, to: ln1p(2), weight: 4 },
  { feature: 'operations.secrets', from: ln1p(2), to: ln1p(40), weight: 2.5, habit: true },
  { feature: 'operations.exposing', from: 0, to: ln1p(4), weight: 2, habit: true },
  { feature: 'operations.impact', from: 0, to: ln1p(10), weight: 1.5, habit: true },
  { feature: 'client.tool', from: 0, to: 0.2, weight: 4 },
  { feature: 'client.interactive', from: 0, to: 1, weight: -1.5 },
  { feature: 'client.turns', from: 0, to: ln1p(3), weight: 3.5, habit: true },
  { feature: 'novelty.services', from: 0, to: ln1p(3), weight: 2 },
  { feature: 'novelty.operations', from: ln1p(3), to: ln1p(30), weight: 1.5 },
  { feature: 'novelty.clients', from: 0, to: ln1p(1), weight: 1.5 },
  { feature: 'novelty.networks', from: 0, to: ln1p(1), weight: 2 },
  { feature: 'volume.calls', from: 3, to: 8, weight: 2 },
  { feature: 'volume.bytes', from: 3, to: 8, weight: 1.5 },
  { feature: 'volume.service', from: 3, to: 8, weight: 1 },
  { feature: 'time.unusual', from: 0.3, to: 1.3, weight: 1 },
  { feature: 'travel.speed', from: ln1p(9), to: ln1p(30), weight: 4 },
];

/** Share of a sign's weight that habit takes from it at most: a deployment's robot enumerates and changes every day. */
const habitTakes = 0.75;

/** Log-odds of misuse where no sign shows. */
const prior = -4;

/** What signs come to. */
export interface Evidence {
  /** Log-odds of misuse. */
  readonly logit: number;
  /** Log-odds that each feature adds. */
  readonly parts: Float64Array;
}

/** Weigh the signs in a vector of `scopeVector`; what is missing says nothing. */
export const weighSigns = (vector: Float64Array): Evidence => {
  const parts = new Float64Array(scopeFeatures.size);
  let logit = prior;
  const familiar = vector[scopeFeatures.at['operations.familiar']]!;
  for (const { feature, from, to, weight, habit } of signs) {
    const at = scopeFeatures.at[feature];
    const value = vector[at]!;
    if (Number.isNaN(value)) continue;
    const shown = Math.min(1, Math.max(0, (value - from) / (to - from)));
    const part = weight * shown * (habit ? 1 - habitTakes * familiar : 1);
    parts[at]! += part;
    logit += part;
  }
  return { logit, parts };
};
