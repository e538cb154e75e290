import { type LifecyclePolicy, parseLifecyclePolicy } from '../../schemas/policy.ts';
import type { Config } from '../config/config.ts';
import { provisionConfig } from '../provision/config.ts';
import { functionPolicy, functionRole } from '../vault/bootstrap.ts';

/**
 * The policy of the demonstration: the shipped rules at a pace that a minute is enough to see them at. Its scores come
 * from the same model as everywhere.
 */
export const demoPolicy: LifecyclePolicy = parseLifecyclePolicy({
  mode: 'enforce',
  windowMs: 500,
  graceMs: 250,
  low: 0.35,
  moderate: 0.72,
  high: 0.8,
  extendAfter: 5,
  shortenAfter: 1,
  strikes: 6,
  strikeHalfLifeMs: 20_000,
  minTtlMs: 5_000,
  cooldownMs: 3_000,
  budgetPerSubject: { actions: 10, perMs: 60_000 },
  budgetForAll: { actions: 20, perMs: 60_000 },
  silenceMs: 8_000,
  onSilence: 'alert',
  lateAfterMs: 10_000,
});

/** The credentials of the demonstration: half a minute at first, two minutes at most, and then only by renewing. */
export const demoRole: Config['token']['roles'][string] = {
  kind: 'token',
  vaultRole: functionRole,
  policies: [functionPolicy],
  functions: ['*'],
  ttlMs: 30_000,
  maxTtlMs: 120_000,
  explicitMaxTtlMs: 86_400_000,
};

/** Machines of the demonstration, and what they take. */
export const demoTargets: Config['provision']['targets'] = provisionConfig.parse({
  targets: { 'build-*': { method: 'sshCertificate' }, 'db-*': { method: 'password' } },
}).targets;
