import { z } from 'zod';

const patterns = (what: string) =>
  z.array(z.string().min(1)).min(1).default(['*']).describe(`${what}; "*" stands for any characters`);

const minute = 60_000;

/** One way to somebody, and the alerts that take it. */
export const routeConfig = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      .describe('Name in records, metrics and logs: lower-case letters, digits, ".", "_" and "-"'),
    type: z
      .enum(['webhook', 'slack', 'pagerduty', 'mail'])
      .default('webhook')
      .describe(
        'webhook: signed by Standard Webhooks; slack: an incoming webhook of Slack or compatible; pagerduty: Events API v2 or compatible; mail: e-mail through the server of section mail',
      ),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where alerts are posted to, https; PagerDuty has its own where this is absent'),
    to: z.array(z.email()).max(50).default([]).describe('Addresses of a mail route'),
    secret: z.string().optional().describe(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a secret is written in the configuration
      'As ${ENV:NAME}. Of a webhook: whsec_ and 24 to 64 random bytes in base64; of PagerDuty: the integration key; of Slack: the URL, where that is absent',
    ),
    secretFile: z.string().optional().describe('File that holds the secret instead'),
    minSeverity: z
      .enum(['info', 'warning', 'critical'])
      .default('warning')
      .describe('Least severity that takes this route'),
    kinds: patterns('Kinds of alerts that take this route'),
    subjects: patterns('Subjects whose alerts take this route'),
    pipelines: patterns('Pipelines whose alerts take this route'),
    groupBy: z
      .array(z.enum(['subject', 'kind', 'pipeline', 'severity']))
      .default([])
      .describe('Alerts that agree in these are told together; empty tells each by itself'),
    groupMs: z
      .int()
      .min(1)
      .max(86_400_000)
      .default(5 * minute)
      .describe(
        'After the first of a group is told, further ones wait for this long and are told together, milliseconds',
      ),
    escalateTo: z.string().optional().describe('Route that is told what nobody acknowledges here, or what fails here'),
    escalateAfterMs: z
      .int()
      .min(1)
      .max(7 * 86_400_000)
      .default(15 * minute)
      .describe('How long to wait for an acknowledgement, milliseconds'),
    escalationOnly: z.boolean().default(false).describe('Tell only what another route escalates'),
    timeoutMs: z.int().min(100).max(60_000).default(10_000).describe('Longest wait for an answer, milliseconds'),
    allowHttp: z.boolean().default(false).describe('Allow a URL without TLS'),
    allowPrivateAddress: z
      .boolean()
      .default(false)
      .describe('Allow a URL whose host is on a private, loopback or link-local address'),
  })
  .superRefine(({ type, url, to, secret, secretFile, groupBy }, issues) => {
    const wrong = (path: string, message: string) => issues.addIssue({ code: 'custom', path: [path], message });
    const secrets = [secret, secretFile].filter((one) => one !== undefined).length;
    if (type === 'mail') {
      if (to.length === 0) wrong('to', 'name at least one address');
    } else if (to.length > 0) wrong('to', 'only a route of type mail has addresses');
    if (type === 'webhook' && url === undefined) wrong('url', 'name where the webhook is');
    if (type === 'slack' && secrets + (url === undefined ? 0 : 1) !== 1)
      wrong('url', 'name either a url, a secret or a secretFile');
    if ((type === 'webhook' || type === 'pagerduty') && secrets !== 1)
      wrong('secretFile', 'name either a secret or a secretFile');
    if (type === 'pagerduty' && groupBy.length > 0)
      wrong(
        'groupBy',
        'PagerDuty has an incident for each alert, so that each can be resolved, and groups them itself',
      );
  });

/** Alerts to people; `notify` in `ebbtide.yaml`. */
export const notifyConfig = z.strictObject({
  groupId: z.string().min(1).default('ebbtide-notify').describe('Consumer group of the pipeline'),
  routes: z
    .array(routeConfig)
    .max(64)
    .default([])
    .refine((routes) => new Set(routes.map(({ name }) => name)).size === routes.length, {
      error: 'two routes must not have one name',
    })
    .superRefine((routes, issues) => {
      const next = new Map(routes.map(({ name, escalateTo }) => [name, escalateTo]));
      for (const [index, { name, escalateTo }] of routes.entries()) {
        const path = [index, 'escalateTo'];
        if (escalateTo !== undefined && !next.has(escalateTo))
          issues.addIssue({ code: 'custom', path, message: `there is no route ${escalateTo}` });
        const seen = new Set<string | undefined>([name]);
        for (let at = escalateTo; at !== undefined; at = next.get(at)) {
          if (seen.has(at)) {
            issues.addIssue({ code: 'custom', path, message: 'escalation must come to an end, and comes back' });
            break;
          }
          seen.add(at);
        }
      }
    })
    .describe('Ways to people; an alert takes every route that it fits'),
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
