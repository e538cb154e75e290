import { z } from 'zod';

const facts = {
  decisionId: z.string(),
  method: z.enum(['sshCertificate', 'password', 'dynamicLease', 'unknown']),
  reference: z.string(),
  revocation: z.string(),
  recipient: z.string(),
  sshKeyHash: z.string().optional(),
  accessor: z.string(),
  mintedAt: z.number(),
  expiresAt: z.number(),
};

/**
 * What the kv entry of a pair holds. Only one that is ready has the wrapping token: whoever changes it to another state is the
 * only one who may unwrap.
 */
const entrySchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('claimed'), decisionId: z.string(), untilMs: z.number() }),
  z.object({ state: z.literal('ready'), ...facts, wrapping: z.string(), wrappedUntil: z.number() }),
  z.object({ state: z.literal('taken'), ...facts, takenAt: z.number().default(0) }),
  z.object({ state: z.literal('ending'), ...facts }),
  z.object({ state: z.literal('gone'), decisionId: z.string() }),
]);
/** A validated entry. */
export type Entry = z.output<typeof entrySchema>;

/** An entry that somebody else wrote is as good as none. */
export const isEntry = (value: unknown): value is Entry => entrySchema.safeParse(value).success;
