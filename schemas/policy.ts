import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parsePolicy } from './parsePolicy.ts';

const fraction = z.number().min(0).max(1);
const durationMs = z.number().int().positive();

const budget = (description: string) =>
  z
    .strictObject({
      actions: z.number().int().positive().describe('Harsh actions (shorten, revoke) allowed in the period, 1 and up'),
      perMs: durationMs.describe('Length of the period, milliseconds'),
    })
    .describe(description);

/** The policy of the lifecycle pipeline, with its defaults; `policy.lifecycle` in `ebbtide.yaml`. */
export const lifecyclePolicySchema = z
  .strictObject({
    mode: z
      .enum(['shadow', 'enforce'])
      .default('shadow')
      .describe('shadow: decide and record only; enforce: let the actuator apply'),
    windowMs: durationMs.default(10_000).describe('Length of an event-time window, milliseconds'),
    graceMs: z
      .number()
      .int()
      .min(0)
      .default(5_000)
      .describe('How long a window waits for samples after its end, milliseconds of event time'),
    low: fraction.default(0.3).describe('Scores below extend: TTL × 2 up to the maximum'),
    moderate: fraction.default(0.6).describe('Scores above shorten: TTL × 0.5'),
    high: fraction.default(0.9).describe('Scores above are strikes towards revocation'),
    falseAlarmsPerSubjectDay: z
      .number()
      .positive()
      .max(1000)
      .nullable()
      .default(null)
      .describe(
        'False alarms that a benign subject may raise a day, such as 0.01: windows less probable than that raise an alert, and only they are strikes; null: scores alone decide',
      ),
    driftMs: durationMs
      .default(21_600_000)
      .describe('Memory of the test whether p-values are still uniform, milliseconds of event time'),
    extendAfter: z
      .number()
      .int()
      .positive()
      .default(3)
      .describe('Windows in a row below low before the TTL is extended (hysteresis)'),
    shortenAfter: z
      .number()
      .int()
      .positive()
      .default(1)
      .describe('Windows in a row above moderate before the TTL is shortened (hysteresis)'),
    strikes: z.number().int().positive().default(3).describe('Strikes that revoke; fewer shorten'),
    strikeHalfLifeMs: durationMs
      .default(600_000)
      .describe('Time in which half of the strikes are forgotten, milliseconds of event time'),
    minTtlMs: durationMs.default(60_000).describe('The TTL is never shortened below this, milliseconds'),
    cooldownMs: z
      .number()
      .int()
      .min(0)
      .default(30_000)
      .describe('Least time between two changes of one TTL; revocation does not wait'),
    budgetPerSubject: budget('Harsh actions allowed for one subject').default({ actions: 6, perMs: 3_600_000 }),
    budgetForAll: budget(
      'Harsh actions allowed for all subjects of one partition of the telemetry together; a deployment may spend this times its partitions',
    ).default({
      actions: 50,
      perMs: 60_000,
    }),
    silenceMs: durationMs
      .default(60_000)
      .describe('Telemetry that stops for this long is a signal of its own, milliseconds of event time'),
    onSilence: z
      .enum(['alert', 'shorten', 'revoke'])
      .default('shorten')
      .describe('What silence does besides raising an alert'),
    lateAfterMs: durationMs
      .default(60_000)
      .describe('An extension or shortening not applied within this time is too late, milliseconds'),
    exempt: z.array(z.string()).default([]).describe('Subjects that are never shortened or revoked'),
    maxAheadMs: durationMs
      .default(60_000)
      .describe('Samples further in the future than this are refused, milliseconds after the broker received them'),
    maxPastMs: durationMs
      .default(604_800_000)
      .describe('Samples older than this are refused, milliseconds before the broker received them'),
  })
  .superRefine((policy, context) => {
    const cross = (lower: 'low' | 'moderate', upper: 'moderate' | 'high') => {
      if (policy[lower] > policy[upper])
        context.addIssue({
          code: 'custom',
          path: [lower],
          message: `Thresholds cross: ${lower} is ${policy[lower]} but ${upper} is ${policy[upper]}; expected low ≤ moderate ≤ high`,
        });
    };
    cross('low', 'moderate');
    cross('moderate', 'high');
    if (policy.silenceMs < policy.windowMs + policy.graceMs)
      context.addIssue({
        code: 'custom',
        path: ['silenceMs'],
        message: `silenceMs is ${policy.silenceMs} but must be at least windowMs + graceMs (${policy.windowMs + policy.graceMs})`,
      });
  });

/** A validated lifecycle policy. */
export type LifecyclePolicy = z.infer<typeof lifecyclePolicySchema>;

/**
 * Validate a lifecycle policy and fill in the defaults.
 *
 * @throws {EbbtideError} `POLICY_INVALID`, naming each key, its value and what was expected
 * @example
 * parseLifecyclePolicy({ mode: 'enforce', low: 0.2 }).high; // 0.9
 */
export const parseLifecyclePolicy = (value: unknown): LifecyclePolicy =>
  parsePolicy('lifecycle', lifecyclePolicySchema, value);

/** The version of a policy: the first 12 hex digits of the SHA-256 of its JSON with sorted keys. */
export const policyVersion = (policy: object): string => {
  const sorted = JSON.stringify(policy, (_, value) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(sorted).digest('hex').slice(0, 12);
};
