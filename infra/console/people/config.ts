import { z } from 'zod';
import { isNetwork } from './networks.ts';
import { roles } from './roles.ts';

const groups = z.array(z.string().min(1).max(256)).max(100).default([]);

/** Who may enter, as keys of section `console`. */
export const peopleConfig = {
  access: z
    .enum(['link', 'oidc', 'proxy'])
    .default('link')
    .describe(
      'Who may enter: whoever opens the link that is printed at the start, as administrator (link); whoever signs in at an OpenID Connect provider (oidc); whoever a proxy in front has let in (proxy)',
    ),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Address by which browsers reach the console, e.g. https://ebbtide.example.com; needed with access: oidc, where its path /auth/callback is registered at the provider',
    ),
  userHeader: z
    .string()
    .min(1)
    .default('x-forwarded-user')
    .describe(
      'With access: proxy, the request header in which the proxy names the user; requests without it are refused',
    ),
  groupsHeader: z
    .string()
    .min(1)
    .default('x-forwarded-groups')
    .describe("With access: proxy, the request header with the user's groups, joined by commas"),
  trustedProxies: z
    .array(z.string().refine(isNetwork, 'Expected an address, or a network such as 10.0.0.0/8'))
    .default(['127.0.0.1', '::1'])
    .describe(
      'Addresses and networks (CIDR) of proxies in front: only they may name a user, and only they are believed about who is behind them',
    ),
  roles: z
    .strictObject({ viewer: groups, analyst: groups, operator: groups, administrator: groups })
    .partial()
    .prefault({})
    .describe('Groups, as the provider or the proxy names them, that stand for each role; the highest counts'),
  defaultRole: z
    .enum([...roles, 'none'])
    .optional()
    .describe(
      'Role of whoever is let in without a group that stands for one; "none" refuses them. When absent: viewer with access: proxy, none with access: oidc',
    ),
  oidc: z
    .strictObject({
      issuer: z.url({ protocol: /^https?$/ }).describe('Issuer of the provider; its discovery document lies below it'),
      clientId: z.string().min(1).describe('Client id of the console at the provider'),
      clientSecretFile: z
        .string()
        .min(1)
        .optional()
        .describe("File that holds the client's secret; a public client, which PKCE alone protects, has none"),
      scope: z.string().min(1).default('openid profile email').describe('Scopes to ask for'),
      groupsClaim: z
        .string()
        .min(1)
        .default('groups')
        .describe('Claim of the ID token with the groups that `roles` maps: a text or a list of texts'),
      nameClaim: z
        .string()
        .min(1)
        .default('preferred_username')
        .describe('Claim that names the person in the console and the record'),
      prompt: z.enum(['login', 'consent', 'select_account']).optional().describe('What the provider must ask anew'),
      allowHttp: z.boolean().default(false).describe('Whether the provider may be reached without TLS; for trials'),
      timeoutS: z.int().min(1).max(60).default(10).describe('Longest wait for the provider, seconds'),
    })
    .optional()
    .describe('The OpenID Connect provider, with access: oidc'),
  session: z
    .strictObject({
      idleMs: z
        .int()
        .min(60_000)
        .max(604_800_000)
        .default(7_200_000)
        .describe('A session ends after so long without a request, milliseconds, 1 min to 7 days'),
      absoluteMs: z
        .int()
        .min(60_000)
        .max(2_592_000_000)
        .default(43_200_000)
        .describe('A session ends so long after it began whatever happens, milliseconds, 1 min to 30 days'),
      keyFile: z
        .string()
        .min(1)
        .optional()
        .describe(
          'File with at least 32 random bytes, from which the key of session cookies is made; several consoles behind one address share it. When absent, sessions end with the process',
        ),
    })
    .prefault({})
    .describe('How long people stay signed in'),
  approvals: z
    .strictObject({
      revokeEntity: z.boolean().default(false).describe('Whether acting on all credentials of an entity needs two'),
      leaveShadow: z.boolean().default(false).describe('Whether leaving shadow mode needs two'),
      expireMs: z
        .int()
        .min(60_000)
        .max(604_800_000)
        .default(3_600_000)
        .describe('How long a request waits for the second person, milliseconds, 1 min to 7 days'),
    })
    .prefault({})
    .describe('What two people must agree on: one operator asks, another approves'),
  limits: z
    .strictObject({
      addressPerSecond: z.number().positive().default(50).describe('Requests a second from one address, sustained'),
      addressBurst: z.int().min(1).default(300).describe('Requests from one address that may come at once'),
      changesPerSecond: z.number().positive().default(5).describe('Changes a second by one person, sustained'),
      changesBurst: z.int().min(1).default(40).describe('Changes by one person that may come at once'),
    })
    .prefault({})
    .describe('How often people and addresses may ask'),
} as const;

const object = z.strictObject(peopleConfig);
/** Who may enter, complete. */
export type PeopleConfig = z.output<typeof object>;

/** Rules over several keys: each problem with the key that is at fault. */
export const peopleProblems = (config: PeopleConfig): { path: string[]; message: string }[] => {
  const problems: { path: string[]; message: string }[] = [];
  const { access, oidc, publicUrl, approvals, session } = config;
  if (access === 'oidc' && !oidc) problems.push({ path: ['oidc'], message: 'Needed with access: oidc' });
  if (access === 'oidc' && !publicUrl) problems.push({ path: ['publicUrl'], message: 'Needed with access: oidc' });
  if (oidc && !oidc.allowHttp && !oidc.issuer.startsWith('https:'))
    problems.push({ path: ['oidc', 'issuer'], message: 'Must be https, unless oidc.allowHttp is true' });
  if (access === 'link' && (approvals.revokeEntity || approvals.leaveShadow))
    problems.push({ path: ['approvals'], message: 'Two people cannot be told apart with access: link' });
  if (session.idleMs > session.absoluteMs)
    problems.push({ path: ['session', 'idleMs'], message: 'Must not exceed session.absoluteMs' });
  return problems;
};
