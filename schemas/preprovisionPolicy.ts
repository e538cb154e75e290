import { z } from 'zod';
import { parsePolicy } from './parsePolicy.ts';

const durationMs = z.number().int().positive();

/** The policy of predictive pre-provisioning, with its defaults; `policy.preprovision` in `ebbtide.yaml`. */
export const preprovisionPolicySchema = z.strictObject({
  mode: z
    .enum(['shadow', 'enforce'])
    .default('shadow')
    .describe('shadow: decide and record only; enforce: let credentials be prepared'),
  timeZone: z
    .string()
    .default('UTC')
    .describe('Time zone whose calendar people live by, such as Europe/Berlin; of a trained model its own counts'),
  windowHours: z
    .number()
    .int()
    .min(1)
    .max(24)
    .default(1)
    .describe('Hours for which a credential is prepared, 1 to 24; it lives no longer'),
  minChance: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Chance of a request within the window below which nothing is prepared, 0 to 1'),
  exposurePerHitMinutes: z
    .number()
    .positive()
    .default(480)
    .describe('Minutes that credentials may lie unused for each one that is found ready: what a wait saved is worth'),
  maxRisk: z
    .number()
    .min(0)
    .max(100)
    .default(30)
    .describe('Risk of a user, 0 to 100, above which nothing is prepared or handed over'),
  riskMemoryMs: durationMs
    .default(86_400_000)
    .describe('How long a risk counts after it was told, milliseconds of event time'),
  budget: z
    .strictObject({
      actions: z.number().int().positive().default(1000).describe('Credentials prepared in the period, 1 and up'),
      perMs: durationMs.default(3_600_000).describe('Length of the period, milliseconds of event time'),
    })
    .prefault({})
    .describe('How many credentials a partition prepares at most: each is a lease in Vault'),
});

/** See {@link preprovisionPolicySchema}. */
export type PreprovisionPolicy = z.infer<typeof preprovisionPolicySchema>;

/**
 * Validate a policy of pre-provisioning and fill in the defaults.
 *
 * @throws {EbbtideError} `POLICY_INVALID`, naming each key, its value and what was expected
 */
export const parsePreprovisionPolicy = (value: unknown): PreprovisionPolicy =>
  parsePolicy('preprovision', preprovisionPolicySchema, value);
