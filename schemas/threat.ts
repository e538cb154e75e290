import { z } from 'zod';

/** By how much matches of threat feeds raise a risk; part of the policy of a pipeline that decides by risk. */
export const threatPolicySchema = z.strictObject({
  weight: z
    .number()
    .min(0)
    .max(100)
    .default(40)
    .describe('Points of risk that a match with confidence 100 adds, 0 to 100; less confidence adds in proportion'),
  feedWeights: z
    .record(z.string().min(1), z.number().min(0).max(100))
    .default({})
    .describe('Weights of single feeds by name, before the common one; 0 keeps a feed from counting'),
  minConfidence: z
    .number()
    .min(0)
    .max(100)
    .default(20)
    .describe('Matches with less confidence than this are recorded and do not count, 0 to 100'),
});

/** A validated {@link threatPolicySchema}. */
export type ThreatPolicy = z.output<typeof threatPolicySchema>;
