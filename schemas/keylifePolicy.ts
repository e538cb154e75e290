import { z } from 'zod';
import { lifespanRule, lifespanRuleSchema } from '../models/biometric/lifespan.ts';
import { parsePolicy } from './parsePolicy.ts';

const durationMs = z.number().int().positive();

/** How long keys live by the behaviour of whoever holds them; `policy.keylife` in `ebbtide.yaml`. */
export const keylifePolicySchema = z.strictObject({
  mode: z
    .enum(['shadow', 'enforce'])
    .default('shadow')
    .describe('shadow: decide and record only; enforce: let the actuator revoke keys whose life is cut'),
  lifespans: lifespanRuleSchema
    .default(lifespanRule)
    .describe('Lifespans by risk, from the highest risk down; otherwiseMs for all below'),
  rotateAfterMs: durationMs
    .default(86_400_000)
    .describe('Age at which a key ends whatever the risk, milliseconds; the next one takes another authentication'),
  memoryMs: durationMs
    .default(600_000)
    .describe('Time after which a burst of behaviour weighs 1/e in the risk of its session, milliseconds'),
  prior: z
    .number()
    .positive()
    .default(3)
    .describe('How many bursts the risk at issue weighs like: more of them make sessions slower to judge'),
  exempt: z.array(z.string()).default([]).describe('Keys, by their entry in the register, that are never cut'),
});

/** A validated policy of the keylife pipeline. */
export type KeylifePolicy = z.output<typeof keylifePolicySchema>;

/**
 * Validate a policy and fill in the defaults.
 *
 * @throws {EbbtideError} `POLICY_INVALID`, naming each key and what was expected
 */
export const parseKeylifePolicy = (value: unknown): KeylifePolicy => parsePolicy('keylife', keylifePolicySchema, value);
