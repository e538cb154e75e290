import { z } from 'zod';

const headerName = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'must be the name of a header in small letters')
  .describe('Name of the header, in small letters');
const scheme = z.string().max(32).optional().describe('Scheme that stands before it, such as Bearer');

const jwtSource = z.strictObject({
  from: z.literal('jwt').describe('A JSON Web Token, whose signature is checked'),
  header: headerName.default('authorization'),
  scheme: scheme.default('Bearer'),
  claim: z.string().min(1).default('sub').describe('Claim that identifies the caller'),
  keysFile: z.string().optional().describe('File with the JWKS of the issuer'),
  keysUrl: z.url().optional().describe('URL of the JWKS of the issuer, instead of a file'),
  issuer: z.string().optional().describe('What the claim iss must say'),
  audience: z.string().optional().describe('What the claim aud must say'),
  algorithms: z
    .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']))
    .min(1)
    .default(['RS256', 'ES256', 'EdDSA'])
    .describe('Algorithms that are accepted'),
  prefix: z
    .string()
    .max(64)
    .regex(/^[!-~]*$/, 'must be printable ASCII without spaces')
    .default('')
    .describe('Put before the claim, to keep issuers apart'),
});
const hashSource = z.strictObject({
  from: z.literal('secret').describe('An API key or bearer token; its keyed hash is the identifier'),
  header: headerName,
  scheme,
});
const nameSource = z.strictObject({
  from: z
    .literal('name')
    .describe('An identifier that the proxy before us has established and sets itself, whatever callers send'),
  header: headerName,
  prefix: z
    .string()
    .max(64)
    .regex(/^[!-~]*$/, 'must be printable ASCII without spaces')
    .default('')
    .describe('Put before it, to keep sources apart'),
});

const source = z
  .discriminatedUnion('from', [jwtSource, hashSource, nameSource])
  .refine((one) => one.from !== 'jwt' || (one.keysFile === undefined) !== (one.keysUrl === undefined), {
    path: ['keysFile'],
    error: 'needs either keysFile or keysUrl',
  });

const route = z.strictObject({
  host: z.string().min(1).max(253).default('*').describe('Host without port; "*" is any'),
  path: z
    .string()
    .regex(/^\/(?:(?:[^/{}*:?#\s]+|\{[A-Za-z]\w*\})\/)*(?:[^/{}*:?#\s]*|\{[A-Za-z]\w*\}|\*\*)$/, {
      error: 'must be a path such as /orders/{id} or /orders/**',
    })
    .describe('Route template: {name} is one segment, a last ** the rest'),
  methods: z
    .array(z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']))
    .min(1)
    .default(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    .describe('Methods'),
  service: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,128}$/, 'must be a name of letters, digits and ._:-')
    .describe('Backend service'),
  operation: z.string().min(1).max(200).optional().describe('Name of the operation; method and template where absent'),
  onFailure: z
    .enum(['closed', 'open'])
    .default('closed')
    .describe(
      'What happens while the table is not known: closed refuses, open lets through, or goes on with what was read last',
    ),
  mode: z
    .enum(['enforce', 'shadow'])
    .default('enforce')
    .describe('shadow lets everything through and only reports what it would refuse'),
});

/** The gateway's decision service; `gateway` in `ebbtide.yaml`. */
export const gatewayConfig = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on; callers are the proxies alone'),
  port: z.int().min(0).max(65_535).default(7072).describe('Port for HTTP; 0 takes a free one'),
  grpcPort: z.int().min(0).max(65_535).default(7073).describe('Port for gRPC; 0 takes a free one'),
  credentials: z
    .array(source)
    .min(1)
    .prefault([
      { from: 'secret', header: 'x-api-key' },
      { from: 'secret', header: 'authorization', scheme: 'Bearer' },
    ])
    .describe('Where the credential of a caller is found; the first that is there counts'),
  hashKeyFile: z
    .string()
    .optional()
    .describe('File with the key of the hash of secrets, 32 characters and more; made in the data folder where absent'),
  routes: z.array(route).default([]).describe('Which requests go to which service; what fits none is refused'),
  staleAfterMs: z
    .int()
    .min(1_000)
    .default(60_000)
    .describe('How long the table counts as known while Kafka is away, milliseconds; then onFailure of each route'),
  clockSkewMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(5_000)
    .describe('How far clocks may differ: overrides outlive their expiry, and tokens are accepted, by this'),
  cacheMs: z
    .int()
    .min(0)
    .max(60_000)
    .default(0)
    .describe('How long a proxy may keep an answer, milliseconds; tells the expiry of answers'),
  reasonsHeader: z
    .boolean()
    .default(false)
    .describe('Whether answers to the proxy carry the reasons, for administrators'),
  trustedProxies: z
    .int()
    .min(0)
    .max(16)
    .default(1)
    .describe("Proxies that append to X-Forwarded-For: the caller's address is that many from its end; 0 ignores it"),
  place: z
    .strictObject({
      latitude: headerName.optional().describe('Header with the latitude, degrees'),
      longitude: headerName.optional().describe('Header with the longitude, degrees'),
    })
    .prefault({})
    .describe('Headers in which a trusted proxy tells where the caller is'),
  telemetry: z
    .strictObject({
      buffer: z
        .int()
        .min(1)
        .max(10_000_000)
        .default(100_000)
        .describe('Records kept while Kafka is away; more are dropped'),
      flushMs: z.int().min(1).max(60_000).default(100).describe('How long records are gathered, milliseconds'),
    })
    .prefault({})
    .describe('Telemetry of each decided request'),
  denialsLoggedPerSecond: z
    .int()
    .min(0)
    .max(100_000)
    .default(50)
    .describe('Refusals logged a second; more are counted'),
});

/** A validated {@link gatewayConfig}. */
export type GatewayConfig = z.output<typeof gatewayConfig>;
/** Where a credential is found. */
export type CredentialSource = GatewayConfig['credentials'][number];
/** Which requests go to which service. */
export type RouteConfig = GatewayConfig['routes'][number];
