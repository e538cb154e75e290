import { z } from 'zod';
import { functionPolicy, functionRole, leaseRole } from '../../vault/bootstrap.ts';

const durationMs = z.int().min(1_000);
const patterns = z.array(z.string().min(1)).min(1).default(['*']);
const lives = {
  ttlMs: durationMs.default(900_000).describe('Life at first, milliseconds, 1000 and up; whole seconds at Vault'),
  maxTtlMs: durationMs.default(14_400_000).describe('Longest life that a decision may give, milliseconds'),
  functions: patterns.describe('Functions that may have it; "*" stands for any characters'),
};
const ordered = <T extends { ttlMs: number; maxTtlMs: number }>(role: T): boolean => role.ttlMs <= role.maxTtlMs;
const crossed = { path: ['ttlMs'], error: 'must not exceed maxTtlMs' };

const tokenRole = z
  .strictObject({
    kind: z.literal('token').describe('A Vault token'),
    vaultRole: z.string().default(functionRole).describe('Token role at Vault; fixes policies and explicit maximum'),
    policies: z.array(z.string()).min(1).default([functionPolicy]).describe('Policies; the token role must allow them'),
    ...lives,
    explicitMaxTtlMs: durationMs
      .default(86_400_000)
      .describe("End of its life whatever is renewed, milliseconds; not above the token role's own"),
  })
  .refine(ordered, crossed)
  .refine((role) => role.maxTtlMs <= role.explicitMaxTtlMs, {
    path: ['maxTtlMs'],
    error: 'must not exceed explicitMaxTtlMs',
  });

const leaseRoleConfig = z
  .strictObject({
    kind: z.literal('lease').describe('A dynamic secret, such as a database account'),
    path: z.string().min(1).default('database/creds/ebbtide-function').describe('Path that gives the secret'),
    holderRole: z.string().default(leaseRole).describe('Token role of the token that will hold the lease'),
    holderPolicies: z.array(z.string()).min(1).default(['ebbtide-lease']).describe('Policies of that token'),
    ...lives,
  })
  .refine(ordered, crossed);

const certificateRole = z
  .strictObject({
    kind: z.literal('certificate').describe('A certificate with its private key; it can be revoked, not shortened'),
    mount: z.string().min(1).default('pki').describe('Mount of the PKI engine'),
    pkiRole: z.string().min(1).default('ebbtide-function').describe('Role of the PKI engine'),
    commonName: z
      .string()
      .default('{instance}.{function}')
      .describe('Common name; {function}, {instance} and {event} are filled in'),
    ...lives,
  })
  .refine(ordered, crossed);

const caller = z.strictObject({
  method: z.enum(['sharedSecret', 'approle', 'jwt', 'kubernetes']).describe('How the caller proves who it is'),
  mount: z.string().optional().describe('Mount of the auth method at Vault; its name when absent'),
  policies: z.array(z.string()).default([]).describe('Its login must bring one of these policies, if any is named'),
  entityIds: z.array(z.string()).default([]).describe('Its login must be one of these entities, if any is named'),
  metadata: z.record(z.string(), z.string()).default({}).describe('Its login must bring all of this metadata'),
  functions: patterns.describe('Functions that it may act for; "*" stands for any characters'),
});

/** The token service; `token` in `ebbtide.yaml`. */
export const tokenServiceConfig = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on'),
  port: z.int().min(0).max(65_535).default(7071).describe('Port; 0 takes a free one'),
  sharedSecretFile: z
    .string()
    .optional()
    .describe('File that holds the secret which callers share (method sharedSecret), 16 characters and more'),
  callers: z
    .array(caller)
    .min(1)
    .prefault([{ method: 'sharedSecret' }])
    .describe('Who may ask for credentials, and for which functions'),
  roles: z
    .record(z.string(), z.discriminatedUnion('kind', [tokenRole, leaseRoleConfig, certificateRole]))
    .prefault({ default: { kind: 'token' } })
    .describe('Kinds of credentials by name; a request that names none gets "default"'),
  requestsPerSecond: z.number().positive().default(20).describe('Requests a second for one caller, sustained'),
  requestsBurst: z.int().min(1).default(40).describe('Requests of one caller that may come at once'),
  registerTimeoutMs: z
    .int()
    .min(100)
    .default(5_000)
    .describe('Longest wait for Kafka to take the registration, milliseconds; then the credential is taken back'),
});

/** A validated {@link tokenServiceConfig}. */
export type TokenServiceConfig = z.output<typeof tokenServiceConfig>;
/** One kind of credential that the service gives. */
export type CredentialRole = TokenServiceConfig['roles'][string];
/** Who may ask. */
export type CallerRule = TokenServiceConfig['callers'][number];
