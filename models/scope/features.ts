import { type Feature, hashFeatures } from '../features/spec.ts';
import { trait } from './operations.ts';
import { horizonMs, type Profile } from './profile.ts';
import type { Visit } from './visits.ts';
import { deviationOf, entropyOf, gapsOf, mainService, quantileOf, turnsTaken, walkOf } from './walk.ts';

/** A feature of a credential's calls. */
export interface ScopeFeature extends Feature {
  /** Whether a client's cache can make it: such features say how a client was built, not only what it does. */
  readonly caching?: true;
}

const last = 'the last 30 minutes of event time, 256 visits at most';
const ln1p = (what: string) => `ln(1 + ${what})`;
const sliding = <const N extends string>(
  name: N,
  unit: string,
  transform: string,
  caching = false,
): ScopeFeature & { readonly name: N } => ({
  name,
  unit,
  transform: `${transform}, over ${last}`,
  window: 'sliding',
  ...(caching ? { caching: true } : {}),
});
const against = <const N extends string>(
  name: N,
  unit: string,
  transform: string,
): ScopeFeature & { readonly name: N } => ({
  name,
  unit,
  transform,
  window: 'baseline',
});

/** See `mainService` for which service is walked through. */
const gap = (quantile: string) => `quantile ${quantile} of ln(0.5 + gap) between visits of the service walked through`;

const features = [
  sliding('walk.gapQ10', 's', gap('0.1')),
  sliding('walk.gapQ25', 's', gap('0.25')),
  sliding('walk.gapQ50', 's', gap('0.5')),
  sliding('walk.gapQ75', 's', gap('0.75')),
  sliding('walk.gapQ90', 's', gap('0.9')),
  sliding('walk.gapSpread', 'ln s', 'quantile 0.75 less quantile 0.25 of ln(0.5 + gap)'),
  sliding('walk.gapDeviation', 'ln s', 'standard deviation of ln(0.5 + gap)'),
  sliding('walk.gapEntropy', 'share', 'entropy of gaps in logarithmic bins over ln(gaps)'),
  sliding('walk.newTransitions', 'share', 'distinct transitions over transitions'),
  sliding('walk.revisits', 'share', '1 less distinct operations over visits'),
  sliding('walk.backtracks', 'share', 'visits of the operation before the last one'),
  sliding('walk.entropy', 'nats', 'entropy of operations'),
  sliding('walk.length', 'visits', ln1p('visits of the service walked through')),
  sliding('calls.rate', 'calls/min', ln1p('calls a minute')),
  sliding('calls.gapQ50', 's', 'median of ln(0.5 + gap) between all visits'),
  sliding('calls.gapDeviation', 'ln s', 'standard deviation of ln(0.5 + gap) between all visits'),
  sliding('services.count', 'services', ln1p('services')),
  sliding('services.entropy', 'nats', 'entropy of services over calls', true),
  sliding('services.share', 'share', 'calls of the service walked through', true),
  sliding('bytes.mean', 'bytes', ln1p('bytes a call'), true),
  sliding('operations.reads', 'operations', ln1p('distinct reading operations')),
  sliding('operations.privileged', 'calls', ln1p('calls that change what identities may do')),
  sliding('operations.evading', 'calls', ln1p('calls that switch logging or detection off')),
  sliding('operations.secrets', 'calls', ln1p('calls that read secrets')),
  sliding('operations.exposing', 'calls', ln1p('calls that open data to others')),
  sliding('operations.impact', 'calls', ln1p('calls that take capacity or destroy')),
  sliding('errors.refusedOperations', 'operations', ln1p('distinct operations that were refused')),
  sliding('errors.refused', 'share', 'calls that were refused'),
  sliding('errors.failed', 'share', 'calls that failed otherwise'),
  sliding('client.tool', 'share', 'calls of a client that names itself as a tool of attackers'),
  sliding('client.interactive', 'share', 'calls of browsers and consoles'),
  sliding('client.turns', 'turns', ln1p('times that another client in another network comes back')),
  against('novelty.services', 'services', ln1p('services called for the first time lately')),
  against('novelty.operations', 'operations', ln1p('operations called for the first time lately')),
  against('novelty.clients', 'clients', ln1p('kinds of client software seen for the first time lately')),
  against('novelty.networks', 'networks', ln1p('networks seen for the first time lately')),
  against('volume.calls', 'deviations', 'ln(1 + calls in the window) above the usual'),
  against('volume.bytes', 'deviations', 'ln(1 + bytes in the window) above the usual'),
  against('volume.service', 'deviations', 'ln(1 + calls of one service in the window) above the usual, the largest'),
  against('time.unusual', 'decades', 'by which the hour or weekday is rarer than even, after a first week'),
  against('travel.speed', 'km/h', ln1p('speed of the fastest journey lately over 100')),
  against('operations.familiar', 'share', 'operations that are not new, of a credential that is known'),
  against('baseline.maturity', 'share', 'windows learned, of 20, and time known, of 4 hours; the less'),
] as const satisfies readonly ScopeFeature[];

/** Name of a feature of the scope model. */
export type ScopeFeatureName = (typeof features)[number]['name'];

const name = 'scope-window-1';
const missing = 'too few visits for the number, or nothing usual yet: NaN; it says nothing';

/** What the scope model sees, in order, with the hash that ties a trained model to it. */
export const scopeFeatures = {
  name,
  features: features as readonly ScopeFeature[],
  size: features.length,
  missing,
  hash: hashFeatures(name, features, missing),
  /** Place of a feature. */
  at: Object.fromEntries(features.map((feature, i) => [feature.name, i])) as Readonly<Record<ScopeFeatureName, number>>,
};

const distinct = (visits: readonly Visit[]): number =>
  new Set(visits.map(({ service, operation }) => service * 4_294_967_296 + operation)).size;

/**
 * Make the features of a credential as of a time, of its recent calls, its open window and its baseline.
 *
 * @param time - epoch milliseconds of event time
 * @returns `scopeFeatures.size` numbers; NaN is missing
 */
export const scopeVector = (profile: Profile, time: number): Float64Array => {
  const { visits: kept, baseline, window } = profile;
  kept.forgetBefore(time - horizonMs);
  const visits = kept.list();
  const main = mainService(visits);
  const walked = visits.filter(({ service }) => service === main);
  const walk = walkOf(walked);
  const sum = (of: (visit: Visit) => number, among: readonly Visit[] = visits) =>
    among.reduce((total, visit) => total + of(visit), 0);
  const calls = sum((visit) => visit.calls);
  const having = (bit: number) => visits.filter(({ traits }) => (traits & bit) !== 0);
  const callsHaving = (bit: number) => sum((visit) => visit.calls, having(bit));
  const byService = new Map<number, number>();
  for (const { service, calls: count } of visits) byService.set(service, (byService.get(service) ?? 0) + count);
  const gaps = gapsOf(visits);
  const minutes = Math.max(1, (time - (visits[0]?.from ?? time)) / 60_000);
  const [q10, q25, q50, q75, q90] = walk.quantiles as [number, number, number, number, number];
  const maturity = baseline.maturity(time);
  const share = (count: number) => (calls > 0 ? count / calls : Number.NaN);
  return Float64Array.of(
    q10,
    q25,
    q50,
    q75,
    q90,
    q75 - q25,
    walk.deviation,
    walk.gapEntropy,
    walk.newTransitions,
    walk.revisits,
    walk.backtracks,
    walk.entropy,
    Math.log1p(walk.visits),
    Math.log1p(calls / minutes),
    quantileOf(
      [...gaps].sort((a, b) => a - b),
      0.5,
    ),
    deviationOf(gaps),
    Math.log1p(byService.size),
    entropyOf(byService.values()),
    share(sum((visit) => visit.calls, walked)),
    Math.log1p(share(sum((visit) => visit.bytes))),
    Math.log1p(distinct(having(trait.read))),
    Math.log1p(callsHaving(trait.privileged)),
    Math.log1p(callsHaving(trait.evading)),
    Math.log1p(callsHaving(trait.secret)),
    Math.log1p(callsHaving(trait.exposing)),
    Math.log1p(callsHaving(trait.impact)),
    Math.log1p(distinct(visits.filter(({ refused }) => refused > 0))),
    share(sum(({ refused }) => refused)),
    share(sum(({ failed }) => failed)),
    share(callsHaving(trait.tool)),
    share(callsHaving(trait.interactive)),
    Math.log1p(turnsTaken(visits)),
    Math.log1p(baseline.novelty('services', time)),
    Math.log1p(baseline.novelty('operations', time)),
    Math.log1p(baseline.novelty('clients', time)),
    Math.log1p(baseline.novelty('networks', time)),
    window ? baseline.above('calls', window.calls) : Number.NaN,
    window ? baseline.above('bytes', window.bytes) : Number.NaN,
    window ? baseline.aboveByService(window.byService) : Number.NaN,
    baseline.unusualTime(time),
    Math.log1p(baseline.speed(time) / 100),
    maturity * (1 - Math.min(1, baseline.novelty('operations', time) / Math.max(1, distinct(visits)))),
    maturity,
  );
};
