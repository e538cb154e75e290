import { z } from 'zod';
import type { ApiTelemetry } from './generated/index.ts';

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

/** An indicator of a threat feed that a call matched. */
export interface ThreatMatch {
  readonly feed: string;
  /** A network in CIDR notation, a domain or a user agent. */
  readonly indicator: string;
  /** How sure the feed is, 0 to 100. */
  readonly confidence: number;
}

/** The fields of API telemetry in which a match is recorded. */
export type ThreatFields = Pick<ApiTelemetry, 'threatFeed' | 'threatIndicator' | 'threatConfidence'>;

/** Fields of a call that matched nothing, or the first of some matches. */
export const threatFields = ([match]: readonly ThreatMatch[]): ThreatFields => ({
  threatFeed: match?.feed ?? '',
  threatIndicator: match?.indicator ?? '',
  threatConfidence: (match?.confidence ?? 0) / 100,
});

/** The match that stands in a record of API telemetry; undefined where there is none. */
export const threatOf = ({ threatFeed, threatIndicator, threatConfidence }: ThreatFields): ThreatMatch | undefined =>
  threatFeed === ''
    ? undefined
    : { feed: threatFeed, indicator: threatIndicator, confidence: Math.round(threatConfidence * 10_000) / 100 };
