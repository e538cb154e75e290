import { z } from 'zod';

const patterns = (what: string) =>
  z.array(z.string().min(1)).min(1).default(['*']).describe(`${what}; "*" stands for any characters`);

/** One webhook, and the alerts that it is told of. */
export const routeConfig = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      .describe('Name in records, metrics and logs: lower-case letters, digits, ".", "_" and "-"'),
    url: z.url({ protocol: /^https?$/ }).describe('Where alerts are posted to, https'),
    secret: z
      .string()
      .optional()
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a secret is written in the configuration
      .describe('Secret of the signature, as ${ENV:NAME}: whsec_ and 24 to 64 random bytes in base64'),
    secretFile: z.string().optional().describe('File that holds the secret instead'),
    minSeverity: z
      .enum(['info', 'warning', 'critical'])
      .default('warning')
      .describe('Least severity that takes this route'),
    kinds: patterns('Kinds of alerts that take this route'),
    subjects: patterns('Subjects whose alerts take this route'),
    pipelines: patterns('Pipelines whose alerts take this route'),
    timeoutMs: z.int().min(100).max(60_000).default(10_000).describe('Longest wait for an answer, milliseconds'),
    allowHttp: z.boolean().default(false).describe('Allow a URL without TLS'),
    allowPrivateAddress: z
      .boolean()
      .default(false)
      .describe('Allow a URL whose host is on a private, loopback or link-local address'),
  })
  .refine(({ secret, secretFile }) => (secret === undefined) !== (secretFile === undefined), {
    path: ['secretFile'],
    error: 'name either a secret or a secretFile',
  });

/** Alerts to webhooks; `notify` in `ebbtide.yaml`. */
export const notifyConfig = z.strictObject({
  groupId: z.string().min(1).default('ebbtide-notify').describe('Consumer group of the pipeline'),
  routes: z
    .array(routeConfig)
    .max(64)
    .default([])
    .refine((routes) => new Set(routes.map(({ name }) => name)).size === routes.length, {
      error: 'two routes must not have one name',
    })
    .describe('Webhooks; an alert takes every route that it fits'),
  tries: z.int().min(1).max(50).default(10).describe('Tries of a notification before it is given up'),
  backoffMs: z.int().min(1).max(60_000).default(1_000).describe('Wait before the second try, milliseconds; it doubles'),
  maxBackoffMs: z.int().min(1).max(3_600_000).default(300_000).describe('Longest wait between tries, milliseconds'),
  maxRetryAfterMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(3_600_000)
    .describe('Longest wait that a receiver may ask for with Retry-After, milliseconds'),
  concurrency: z.int().min(1).max(64).default(4).describe('Notifications of one route under way at once'),
  maxAgeMs: z
    .int()
    .min(1_000)
    .default(86_400_000)
    .describe('Alerts that were written longer ago are not told any more, milliseconds'),
  queue: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Notifications of one route that may wait; further ones are given up at once'),
  remember: z
    .int()
    .min(1_000)
    .max(10_000_000)
    .default(100_000)
    .describe('Notifications that are remembered, so that none is sent twice'),
});

/** A validated {@link notifyConfig}. */
export type NotifyConfig = z.output<typeof notifyConfig>;
/** A validated {@link routeConfig}. */
export type RouteConfig = z.output<typeof routeConfig>;
