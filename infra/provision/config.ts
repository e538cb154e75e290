import { z } from 'zod';
import { accessSsh } from '../vault/bootstrap-provision.ts';

const durationMs = z.int().min(1);
const patterns = z.array(z.string().min(1)).min(1);
const principal = z
  .string()
  .min(1)
  .refine(
    (text) => !text.includes(',') && text === text.trim(),
    'must be without a comma, and without blanks at its ends',
  );
const shared = {
  users: patterns.default(['*']).describe('Users who may have it; "*" stands for any characters'),
  ttlMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(900_000)
    .describe('Life of one that is made on demand, milliseconds; one that is prepared ends with its window'),
};

/** How users get at the machines whose names fit one pattern. */
export const targetSchema = z
  .discriminatedUnion('method', [
    z.strictObject({
      method: z.literal('sshCertificate').describe("A key pair and a certificate of Vault's SSH authority"),
      ...shared,
      mount: z.string().min(1).default(accessSsh.mount).describe('Mount of the SSH engine'),
      role: z.string().min(1).default(accessSsh.role).describe('Role of the SSH engine'),
      principals: z
        .array(principal)
        .min(1)
        .default(['{user}@{vm}'])
        .describe('Principals of the certificate; {user} and {vm} are filled in'),
    }),
    z.strictObject({
      method: z.literal('password').describe('A random password; the machine checks it by the verifier at Vault'),
      ...shared,
      length: z.int().min(16).max(128).default(24).describe('Characters, 16 to 128'),
    }),
    z.strictObject({
      method: z.literal('dynamicLease').describe('A dynamic secret, such as a database account'),
      ...shared,
      path: z.string().min(1).default('database/creds/ebbtide-access').describe('Path that gives the secret'),
      holderRole: z.string().default('ebbtide-access-leases').describe('Token role of the token that holds the lease'),
      holderPolicies: patterns.default(['ebbtide-access-lease']).describe('Policies of that token'),
    }),
  ])
  .superRefine((one, issues) => {
    if (one.method !== 'sshCertificate' || one.mount !== accessSsh.mount || one.role !== accessSsh.role) return;
    const refuse = (path: string, message: string) => issues.addIssue({ code: 'custom', path: [path], message });
    if (one.principals.length > 1)
      refuse('principals', `must be one with role ${one.role}, which signs for one at a time: name a role of your own`);
    if (one.users.some((user) => one.principals.some((name) => /^root(@|$)/.test(name.replaceAll('{user}', user)))))
      refuse('users', `with these principals are root, for whom role ${one.role} never signs: name a role of your own`);
  });
/** A validated {@link targetSchema}. */
export type Target = z.output<typeof targetSchema>;

/** Preparing credentials before they are asked for; `provision` in `ebbtide.yaml`. */
export const provisionConfig = z.strictObject({
  targets: z
    .record(z.string().min(1), targetSchema)
    .default({})
    .describe(
      'What machines take, by pattern of their names; "*" stands for any characters, the first that fits counts',
    ),
  mount: z.string().min(1).default('ebbtide-provisions').describe('Mount (kv, version 2) for what is prepared'),
  usersMount: z.string().min(1).default('ebbtide-users').describe("Mount (kv, version 2) for users' public keys"),
  maxRisk: z
    .number()
    .min(0)
    .max(100)
    .default(60)
    .describe('Risk, 0 to 100, above which a user gets nothing, prepared or on demand'),
  riskMaxAgeMs: durationMs
    .default(3_600_000)
    .describe('How long a score counts as the risk of its subject, milliseconds'),
  maxWindowMs: z
    .int()
    .min(1_000)
    .default(86_400_000)
    .describe('Longest time that a prepared secret may lie, whatever the decision says, milliseconds'),
  minRemainingMs: z
    .int()
    .min(0)
    .default(30_000)
    .describe('A prepared credential with less life left than this is made anew at hand-over, milliseconds'),
  claimMs: z
    .int()
    .min(1_000)
    .default(30_000)
    .describe('How long one instance may take to make a credential before another takes over, milliseconds'),
  mintsPerSecond: z.number().positive().default(20).describe('Credentials prepared a second, sustained'),
  mintsBurst: z.int().min(1).default(50).describe('Credentials prepared at once'),
  attempts: z.int().min(1).default(5).describe('Tries to prepare one credential before it counts as failed'),
  backoffMs: durationMs.default(1_000).describe('First wait before another try, milliseconds; doubles'),
  maxBackoffMs: durationMs.default(60_000).describe('Longest wait before another try, milliseconds'),
  alertAfter: z
    .int()
    .min(1)
    .default(3)
    .describe('Failures in a row of one pair after which administrators are alerted'),
  sweepMs: durationMs
    .default(300_000)
    .describe('How often the store is looked through for what was forgotten, milliseconds'),
});

/** A validated {@link provisionConfig}. */
export type ProvisionConfig = z.output<typeof provisionConfig>;
