import { z } from 'zod';
import { riskEngineKeys } from '../../jobs/config.ts';
import { endpointRole, keyhostMounts, keyhostRole } from '../../vault/prepareKeyhost.ts';
import { keyKinds } from './signers/signer.ts';

const durationMs = z.int().min(1_000);

/** The key host; `keyhost` in `ebbtide.yaml`. How risk becomes a lifespan is `policy.keylife`. */
export const keyhostConfig = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on'),
  port: z.int().min(0).max(65_535).default(7079).describe('Port; 0 takes a free one'),
  names: z
    .array(z.string().min(1))
    .min(1)
    .default(['localhost'])
    .describe('DNS names of the key host, for its certificate; the first is its common name'),
  addresses: z.array(z.string().min(1)).default(['127.0.0.1']).describe('IP addresses of the key host, likewise'),
  endpoints: z
    .array(z.string().min(1))
    .min(1)
    .default(['*'])
    .describe('Common names of endpoints that may ask, beside having a certificate; "*" stands for any characters'),
  tls: z
    .strictObject({
      mount: z.string().default(keyhostMounts.endpoints).describe('PKI engine of endpoints and key host'),
      role: z.string().default(keyhostRole).describe('Role of its own certificate'),
      ttlMs: durationMs
        .default(86_400_000)
        .describe('Life of its own certificate, milliseconds; replaced after two thirds'),
      recheckMs: z
        .int()
        .min(0)
        .default(30_000)
        .describe('How long an endpoint is trusted before it is asked again whether its certificate was revoked'),
    })
    .prefault({})
    .describe(`Mutual TLS 1.3 with endpoints, whose certificates come from role ${endpointRole}`),
  keys: z
    .strictObject({
      kind: z
        .enum(keyKinds)
        .default('certificate')
        .describe(
          'certificate: TLS client certificates, which Vault revokes; ssh: SSH user certificates; jwt: tokens bound to a public key. Of the last two Vault revokes none',
        ),
      mount: z.string().optional().describe("Engine of users' keys; by default pki-keys, ssh-keys, or transit for jwt"),
      role: z
        .string()
        .optional()
        .describe('Role under which they are signed, or transit key of jwt; by default as bootstrap makes it'),
      issuer: z.string().min(1).default('ebbtide').describe('Issuer that a jwt names'),
      denialsHeeded: z
        .boolean()
        .default(false)
        .describe(
          'That whoever accepts ssh or jwt keys looks at which are denied; else none of those lives longer than the shortest class',
        ),
    })
    .prefault({})
    .describe("Users' keys, whose end is the lifespan"),
  ...riskEngineKeys,
  learningLifespanMs: durationMs.default(3_600_000).describe('Lifespan while a person is being learned, milliseconds'),
  sessionLearning: z
    .strictObject({
      withinMs: z
        .int()
        .min(0)
        .default(3_600_000)
        .describe(
          'First part of a session from which is learned how its user types, scrolls and moves; 0 learns nothing',
        ),
      everyMs: z.int().min(0).default(60_000).describe('Least time between two times of learning from a session'),
    })
    .prefault({})
    .describe('What is learned of a person after signing in'),
  stepUpAbove: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Risk above which a key takes strong authentication, such as a second factor; 1 never asks for it'),
  purpose: z
    .string()
    .min(1)
    .default('authentication')
    .describe('Purpose of the processing, kept with all that is kept'),
  lawfulBasis: z.string().min(1).default('consent').describe('Lawful basis of the processing, kept likewise'),
  requestsPerSecond: z.number().positive().default(200).describe('Requests a second of one endpoint, sustained'),
  requestsBurst: z.int().min(1).default(400).describe('Requests of one endpoint that may come at once'),
  registerTimeoutMs: z.int().min(100).default(5_000).describe('Longest wait for Kafka, milliseconds'),
});

/** A validated {@link keyhostConfig}. */
export type KeyhostConfig = z.output<typeof keyhostConfig>;
