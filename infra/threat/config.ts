import { z } from 'zod';

const day = 86_400_000;

const column = z.union([z.int().min(0).max(999), z.string().min(1)]);

/** One feed. */
export const feedConfig = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      .describe('Name in reasons, alerts and weights: lower-case letters, digits, ".", "_" and "-"'),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where it is fetched from, https'),
    file: z.string().min(1).optional().describe('File that holds it, instead of a URL'),
    format: z
      .enum(['auto', 'stix', 'list'])
      .default('auto')
      .describe(
        'stix: a STIX 2.1 bundle or TAXII envelope; list: one address, network, range or CSV row a line; auto: by its first character',
      ),
    kind: z.enum(['address', 'domain', 'userAgent']).default('address').describe('What a list holds'),
    columns: z
      .strictObject({
        value: column.optional().describe('Column of the indicator; else the first that holds one'),
        confidence: column.optional().describe('Column of the confidence, 0 to 100'),
        validUntil: column.optional().describe('Column of the end of validity, ISO 8601 or epoch seconds'),
      })
      .prefault({})
      .describe('Columns of a CSV list, by name of its header or by number from 0'),
    confidence: z.number().min(0).max(100).default(75).describe('Confidence of indicators that state none, 0 to 100'),
    pollMs: z
      .int()
      .min(1_000)
      .max(7 * day)
      .default(3_600_000)
      .describe('Time between two polls, milliseconds'),
    maxAgeMs: z
      .int()
      .min(60_000)
      .max(3650 * day)
      .default(7 * day)
      .describe(
        'How long an indicator without an end of its own counts after the feed last confirmed it, milliseconds',
      ),
    maxShrink: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Share of its indicators that a feed may lose at once; beyond it the last good version stays, 0 to 1'),
    allowPrivate: z
      .boolean()
      .default(false)
      .describe('Take indicators of private and reserved networks too; else they are left out and counted'),
    tokenFile: z.string().optional().describe('File with a bearer token for the URL'),
    allowHttp: z.boolean().default(false).describe('Allow a URL without TLS'),
    allowPrivateAddress: z
      .boolean()
      .default(false)
      .describe('Allow a URL whose host is on a private, loopback or link-local address'),
  })
  .refine(({ url, file }) => (url === undefined) !== (file === undefined), {
    path: ['url'],
    error: 'name either a url or a file',
  });

/** Threat intelligence; `threat` in `ebbtide.yaml`. */
export const threatConfig = z.strictObject({
  feeds: z
    .array(feedConfig)
    .max(64)
    .default([])
    .refine((feeds) => new Set(feeds.map(({ name }) => name)).size === feeds.length, {
      error: 'two feeds must not have one name',
    })
    .describe('Feeds'),
  jitter: z.number().min(0).max(1).default(0.1).describe('Share by which the time between polls varies, 0 to 1'),
  timeoutMs: z.int().min(100).max(600_000).default(60_000).describe('Longest time of one fetch, milliseconds'),
  tries: z.int().min(1).max(10).default(3).describe('Tries of a poll before it has failed'),
  maxBytes: z
    .int()
    .min(1_000)
    .max(4_000_000_000)
    .default(256_000_000)
    .describe('Largest size of a feed, bytes; a larger one is refused'),
  maxPages: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1_000)
    .describe('Most pages of a TAXII collection that are asked for at a poll; one with more is refused'),
  maxIndicators: z
    .int()
    .min(1)
    .max(20_000_000)
    .default(2_000_000)
    .describe('Most indicators of a feed; one with more is refused'),
  maxMalformed: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Share of rows that may be unreadable before the whole feed is refused, 0 to 1'),
  folder: z
    .string()
    .optional()
    .describe('Where the last good version of each feed is kept; by default in the data folder'),
});

/** A validated {@link threatConfig}. */
export type ThreatConfig = z.output<typeof threatConfig>;
/** A validated {@link feedConfig}. */
export type FeedConfig = z.output<typeof feedConfig>;
/** What bounds a feed. */
export type FeedLimits = Pick<ThreatConfig, 'maxBytes' | 'maxIndicators' | 'maxMalformed'>;
