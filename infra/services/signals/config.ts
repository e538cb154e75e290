import { z } from 'zod';
import { caepEvents } from '../../../schemas/securityEvents.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
  .describe('Name in records, metrics and logs: lower-case letters, digits, ".", "_" and "-"');
const reach = {
  allowHttp: z.boolean().default(false).describe('Allow URLs without TLS'),
  allowPrivateAddress: z
    .boolean()
    .default(false)
    .describe('Allow URLs whose host is on a private, loopback or link-local address'),
};

const receiverAccount = z
  .strictObject({
    name,
    tokenFile: z
      .string()
      .min(1)
      .optional()
      .describe('File with the bearer token of its requests, 16 characters and more'),
    clientId: z.string().min(1).optional().describe('Its client identifier at the authorization server, for OAuth'),
    audience: z.array(z.string().min(1)).min(1).describe('Audience (aud) of tokens for it'),
    events: z
      .array(z.enum(caepEvents))
      .default([...caepEvents])
      .describe('Event types that it may have'),
    ...reach,
  })
  .refine(({ tokenFile, clientId }) => tokenFile !== undefined || clientId !== undefined, {
    path: ['tokenFile'],
    error: 'name a tokenFile, a clientId, or both',
  });

const authorizationServer = z.strictObject({
  issuer: z.url().describe('Issuer of access tokens (iss)'),
  jwksUri: z.url().describe('Its keys'),
  audience: z.string().min(1).describe('Audience of access tokens (aud) for this service'),
  ...reach,
});

const transmitterConfig = z.strictObject({
  receivers: z.array(receiverAccount).max(100).default([]).describe('Who may set up streams'),
  authorizationServers: z
    .array(authorizationServer)
    .max(10)
    .default([])
    .describe('Whose access tokens (JWT, RFC 9068) are taken, with scopes ssf.read and ssf.manage'),
  subjectFormat: z
    .enum(['iss_sub', 'email', 'opaque'])
    .default('iss_sub')
    .describe('How subjects are named; email where the identifier is one, else iss_sub'),
  shadow: z.boolean().default(false).describe('Tell of risk levels that were decided in shadow mode too'),
  mediumRisk: z.number().min(0).max(100).default(31).describe('Risk from which on the level is MEDIUM, 0 to 100'),
  highRisk: z.number().min(0).max(100).default(61).describe('Risk from which on the level is HIGH, 0 to 100'),
  maxStreams: z.int().min(1).max(100).default(5).describe('Streams of one receiver at most'),
  maxSubjects: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Subjects added to or removed from a stream at most'),
  maxUndelivered: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Undelivered tokens kept for one stream; beyond it the oldest are given up, with an alert'),
  longPollMs: z
    .int()
    .min(0)
    .max(300_000)
    .default(30_000)
    .describe('Longest wait of a poll without events, milliseconds'),
  minVerificationMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(10_000)
    .describe('Least time between two verifications of a stream, milliseconds'),
  timeoutMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .describe('Longest wait for a push to be answered, milliseconds'),
  backoffMs: z
    .int()
    .min(1)
    .max(60_000)
    .default(1_000)
    .describe('Wait before a push is tried again, milliseconds; it doubles'),
  maxBackoffMs: z.int().min(1).max(3_600_000).default(300_000).describe('Longest wait between tries, milliseconds'),
});

const peer = z
  .strictObject({
    name,
    issuer: z.url().describe('Its issuer identifier (iss)'),
    jwksUri: z.url().optional().describe('Its keys; by default what its SSF configuration says'),
    pushTokenFile: z
      .string()
      .optional()
      .describe('File with the bearer token that it sends with pushed tokens; without it, it may not push'),
    pollTokenFile: z
      .string()
      .optional()
      .describe('File with the bearer token for its stream management and polling; without it, it is not polled'),
    pollUrl: z.url().optional().describe('Where it is polled; by default a stream is set up there'),
    pollMs: z.int().min(100).max(86_400_000).default(5_000).describe('Pause between polls, milliseconds'),
    match: z
      .array(z.enum(['credentialId', 'entityId', 'function', 'instance']))
      .min(1)
      .default(['credentialId', 'entityId'])
      .describe('Fields of the register that its subjects are compared with'),
    subjectIssuers: z
      .array(z.string())
      .optional()
      .describe('Issuers of subjects (iss_sub) that are understood; by default its own'),
    aliases: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe('Identifiers of the register by its identifiers, such as e-mail addresses'),
    ...reach,
  })
  .refine(({ pushTokenFile, pollTokenFile }) => pushTokenFile !== undefined || pollTokenFile !== undefined, {
    path: ['pushTokenFile'],
    error: 'name a pushTokenFile, a pollTokenFile, or both',
  });

const receiverConfig = z
  .strictObject({
    mode: z
      .enum(['shadow', 'enforce'])
      .default('shadow')
      .describe('shadow: record what would be revoked or blocked; enforce: let the actuator revoke and gateways block'),
    audience: z.array(z.string().min(1)).default([]).describe('Audiences (aud) that tokens may be for'),
    blockMs: z
      .int()
      .min(60_000)
      .max(30 * 86_400_000)
      .default(86_400_000)
      .describe('How long a frontend credential is blocked, milliseconds'),
    transmitters: z.array(peer).max(100).default([]).describe('Whose tokens are taken'),
    maxBytes: z.int().min(1_000).max(1_000_000).default(64_000).describe('Largest token, bytes'),
    maxAgeMs: z
      .int()
      .min(1_000)
      .max(30 * 86_400_000)
      .default(7 * 86_400_000)
      .describe('Oldest token that is taken, by its iat, milliseconds'),
    skewMs: z.int().min(0).max(3_600_000).default(120_000).describe('How far clocks may differ, milliseconds'),
    remember: z
      .int()
      .min(1_000)
      .max(10_000_000)
      .default(100_000)
      .describe('Tokens that are remembered, so that none counts twice'),
  })
  .refine(({ audience, transmitters }) => transmitters.length === 0 || audience.length > 0, {
    path: ['audience'],
    error: 'must name an audience where there are transmitters',
  });

/** Shared signals; `signals` in `ebbtide.yaml`. */
export const signalsConfig = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on'),
  port: z.int().min(0).max(65_535).default(7074).describe('Port; 0 takes a free one'),
  issuer: z
    .url()
    .optional()
    .describe('Issuer identifier and public base of all addresses, https; by default the address it listens on'),
  groupId: z.string().min(1).default('ebbtide-signals').describe('Consumer group of the transmitter'),
  folder: z
    .string()
    .optional()
    .describe('Where signing key, streams and undelivered tokens are kept; by default in the data folder'),
  transmitter: transmitterConfig.prefault({}).describe('Events that are sent (CAEP)'),
  receiver: receiverConfig.prefault({}).describe('Events that are received (CAEP)'),
});

/** A validated {@link signalsConfig}. */
export type SignalsConfig = z.output<typeof signalsConfig>;
export type TransmitterConfig = z.output<typeof transmitterConfig>;
export type ReceiverConfig = z.output<typeof receiverConfig>;
/** Authorization server of receivers. */
export type AuthorizationServer = z.output<typeof authorizationServer>;
/** Who may set up streams. */
export type ReceiverAccount = z.output<typeof receiverAccount>;
/** Whose tokens are taken. */
export type Peer = z.output<typeof peer>;
