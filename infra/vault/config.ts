import { z } from 'zod';
import { certificateWithKey, clientTlsKeys, type Issues } from '../http/clientTls.ts';
import { scopePolicies } from './scope-body.ts';

const durationMs = z.int().min(1);

const login = z
  .discriminatedUnion('method', [
    z.strictObject({
      method: z.literal('token').describe('A token that somebody else issues and replaces'),
      tokenFile: z.string().optional().describe('File that holds the token; read again when Vault refuses it'),
      token: z.string().optional().describe('The token, taken from the environment'),
    }),
    z.strictObject({
      method: z.literal('approle').describe("Vault's AppRole"),
      mount: z.string().default('approle').describe('Mount of the auth method'),
      roleIdFile: z.string().describe('File that holds the role id'),
      secretIdFile: z.string().describe('File that holds the secret id'),
    }),
    z.strictObject({
      method: z.enum(['jwt', 'kubernetes']).describe('A signed token of the platform, such as a service account'),
      mount: z.string().optional().describe('Mount of the auth method; its name when absent'),
      role: z.string().describe('Role to log in as'),
      jwtFile: z.string().describe('File that holds the JWT; read anew at each login'),
    }),
    z.strictObject({
      method: z.literal('certificate').describe("Vault's TLS certificates: by vault.certFile and vault.keyFile"),
      mount: z.string().default('cert').describe('Mount of the auth method'),
      role: z.string().optional().describe('Role to log in as; where absent, the one that the certificate fits'),
    }),
  ])
  .describe('How to log in');

/** A check of where Vault is and of logins: who logs in by a certificate must have one to show. */
export const certificateForLogin = (
  { address, certFile }: { readonly address: string; readonly certFile?: string | undefined },
  logins: Readonly<Record<string, unknown>>,
  issues: Issues,
): void => {
  const [missing] = [
    ...(certFile === undefined ? ['certFile and keyFile beside it'] : []),
    ...(/^https:/i.test(address) ? [] : ['an address that begins with https://']),
  ];
  if (missing === undefined) return;
  for (const [key, one] of Object.entries(logins))
    if ((one as { method?: unknown } | undefined)?.method === 'certificate')
      issues.addIssue({ code: 'custom', path: [key], message: `by a certificate needs ${missing}` });
};

/** How to reach one Vault (or OpenBao), as one service. */
export const vaultConfig = z
  .strictObject({
    address: z.url({ protocol: /^https?$/ }).describe('URL of Vault or OpenBao'),
    namespace: z.string().default('').describe('Namespace; empty for the root namespace'),
    ...clientTlsKeys('Vault'),
    timeoutMs: durationMs.default(5_000).describe('Longest wait for one answer, milliseconds'),
    login,
  })
  .superRefine(certificateWithKey('address'))
  .superRefine(({ login, ...server }, issues) => certificateForLogin(server, { login }, issues));

/** A validated {@link vaultConfig}. */
export type VaultConfig = z.output<typeof vaultConfig>;
/** A validated way to log in. */
export type VaultLogin = VaultConfig['login'];

/** What the actuator may do, and how fast. */
export const actuatorConfig = z.strictObject({
  concurrency: z.int().min(1).max(256).default(16).describe('Credentials acted on at the same time; each in order'),
  batchSize: z
    .int()
    .min(1)
    .max(5_000)
    .default(50)
    .describe('Decisions read and acknowledged together: a revocation waits for those before it'),
  writesPerSecond: z
    .number()
    .positive()
    .default(200)
    .describe('Writes to Vault a second, sustained; revocations count, but do not wait'),
  writesBurst: z.int().min(1).default(50).describe('Writes to Vault that may come at once'),
  attempts: z
    .int()
    .min(1)
    .default(5)
    .describe('Tries for one decision that Vault fails on while it serves others; then it counts as impossible'),
  backoffMs: durationMs.default(100).describe('First wait before another try, milliseconds; doubles, with full jitter'),
  maxBackoffMs: durationMs.default(5_000).describe('Longest wait before another try, milliseconds'),
  registerWaitMs: z
    .int()
    .min(0)
    .default(2_000)
    .describe('How long a decision waits for its credential to appear in the register, milliseconds'),
  remember: z.int().min(1_000).default(200_000).describe('Decisions remembered as done, so that none acts twice'),
  harshBudget: z
    .strictObject({
      actions: z
        .int()
        .min(0)
        .default(1_000)
        .describe('Shortenings and revocations allowed in the period, for all credentials of one actuator process'),
      perMs: durationMs.default(60_000).describe('Length of the period, milliseconds'),
    })
    .prefault({})
    .describe('Second line of defence behind the budgets of the policy'),
  scopes: scopePolicies
    .prefault({})
    .describe('Narrowing the scope of live tokens by policies that only deny; off while no paths are named'),
  outageAlertMs: durationMs.default(10_000).describe('Vault away for this long raises an alert, milliseconds'),
  watch: z
    .strictObject({
      firstMs: durationMs.default(2_000).describe('First look at a shortened credential, milliseconds after'),
      maxMs: durationMs.default(60_000).describe('Longest time between two looks, milliseconds'),
      toleranceMs: durationMs.default(2_000).describe('Life beyond what was granted that is no revival, milliseconds'),
      capacity: z.int().min(1).default(50_000).describe('Shortened credentials watched at most'),
      reviveLimit: z.int().min(1).default(3).describe('Revivals after which onRevival acts'),
      onRevival: z
        .enum(['shorten', 'revoke', 'disableEntity'])
        .default('revoke')
        .describe('What a credential that keeps extending itself gets'),
    })
    .prefault({})
    .describe('Looking again whether a shortened credential stayed short'),
});

/** A validated {@link actuatorConfig}. */
export type ActuatorConfig = z.output<typeof actuatorConfig>;
