import { z } from 'zod';

const caller = z.strictObject({
  method: z
    .enum(['token', 'userpass', 'ldap', 'jwt'])
    .describe('token: a Vault token of that mount as bearer token; else login material as "auth" in the body'),
  mount: z
    .string()
    .optional()
    .describe("Mount of the auth method at Vault, for tokens the one that issued them; the method's name when absent"),
  claim: z
    .string()
    .default('username')
    .describe('Metadata of the login that names the user; for jwt map a claim to it in the role (claim_mappings)'),
});
/** How users prove who they are. */
export type UserRule = z.output<typeof caller>;

/** The delivery service; `delivery` in `ebbtide.yaml`. */
export const deliveryConfig = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on'),
  port: z.int().min(0).max(65_535).default(7075).describe('Port; 0 takes a free one'),
  tlsCertFile: z.string().optional().describe('PEM file of the certificate to serve HTTPS with'),
  tlsKeyFile: z.string().optional().describe("PEM file of that certificate's private key"),
  callers: z
    .array(caller)
    .min(1)
    .prefault([{ method: 'token', mount: 'userpass' }, { method: 'userpass' }])
    .describe('How users prove who they are'),
  requestsPerSecond: z.number().positive().default(5).describe('Requests a second for one user, sustained'),
  requestsBurst: z.int().min(1).default(20).describe('Requests of one user that may come at once'),
  addressRequestsPerSecond: z
    .number()
    .positive()
    .default(100)
    .describe('Requests a second from one address, sustained; many users may share that of a proxy or an office'),
  addressRequestsBurst: z.int().min(1).default(400).describe('Requests from one address that may come at once'),
  recordTimeoutMs: z
    .int()
    .min(100)
    .default(5_000)
    .describe('Longest wait for Kafka to take the record of a hand-over, milliseconds; then nothing is handed over'),
  replayMs: z
    .int()
    .min(1_000)
    .default(600_000)
    .describe(
      'How long each process remembers an Idempotency-Key, so that a request which is replayed is refused, milliseconds',
    ),
});

/** A validated {@link deliveryConfig}. */
export type DeliveryConfig = z.output<typeof deliveryConfig>;
