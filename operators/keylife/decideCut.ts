import type { Alert, Decision, Score } from '../../schemas/generated/index.ts';
import type { KeylifePolicy } from '../../schemas/keylifePolicy.ts';
import type { FollowedBehaviour } from '../behaviour.ts';
import type { Orders } from '../decideTtl.ts';
import { emptyDecision } from '../emptyDecision.ts';
import type { KeylifeOutcome } from './batch.ts';

/** What a cut is decided by. */
export interface CutContext {
  readonly pipeline: string;
  readonly credentialId: string;
  /** End of the key's life before, epoch milliseconds. */
  readonly expiresAt: number;
  /** Offset of the burst: with the key it names the decision. */
  readonly offset: number;
  /** The partition's event time, epoch milliseconds. */
  readonly now: number;
  readonly modelVersion: string;
}

/**
 * What is to happen to a key whose session a burst was followed in. A certificate's end is signed into it: where its life
 * must be cut it is revoked, and the key host issues another that ends at the earlier time, to whoever asks for it.
 *
 * @returns undefined where the key's life stays
 */
export const decideCut = (
  { cutTo, risk, time, faults, logOdds, bursts, specification }: FollowedBehaviour,
  { pipeline, credentialId, expiresAt, offset, now, modelVersion }: CutContext,
  orders: Orders<KeylifePolicy>,
): Decision | undefined => {
  if (cutTo === undefined) return undefined;
  const killed = orders.killed?.(credentialId) ?? orders.killSwitch;
  const withheld = killed ? 'killSwitch' : orders.exempt(credentialId, now) ? 'exemption' : '';
  const why =
    faults.length > 0
      ? `a burst of ${specification} that no person made (${faults.join(', ')})`
      : `${bursts.length} of ${specification} with log odds ${logOdds.toFixed(1)}`;
  return {
    ...emptyDecision,
    decisionId: `${pipeline}/${credentialId}/${offset}`,
    subject: credentialId,
    pipeline,
    action: 'revoke',
    mode: orders.policy.mode,
    withheld,
    oldTtlMs: Math.max(0, expiresAt - time),
    reason: `Risk of the session ${risk.toFixed(2)} after ${why}: its key may live until ${new Date(cutTo).toISOString()}, under another certificate${withheld ? `; withheld: ${withheld}` : ''}`,
    score: risk,
    risk: 100 * risk,
    severity: risk,
    features: [specification],
    policyVersion: orders.policyVersion,
    modelVersion,
    windowEnd: time,
    decidedAt: now,
  };
};

/** What each verifier said, as shares of all that was said; what speaks for somebody else is above. */
const contributionsOf = (parts: Readonly<Record<string, number>> = {}): Score['contributions'] => {
  const total = Object.values(parts).reduce((sum, part) => sum + Math.abs(part), 0);
  return Object.entries(parts)
    .map(([feature, part]) => ({
      feature,
      weight: total > 0 ? Math.abs(part) / total : 0,
      direction: part > 0 ? 'above' : 'below',
      expected: 0,
      observed: part,
      unit: 'log odds',
    }))
    .sort((a, b) => b.weight - a.weight);
};

/** The score of a burst. There is no p-value: the risk is a posterior, and 1 says that nothing is claimed. */
export const keylifeScore = ({ event, credentialId, modelVersion }: KeylifeOutcome, pipeline: string): Score => ({
  subject: credentialId,
  pipeline,
  windowStart: event.time,
  windowEnd: event.time,
  samples: event.bursts.length,
  score: event.risk,
  risk: 100 * event.risk,
  severity: event.risk,
  frequency: event.faults.length > 0 ? 1 : 0,
  pValue: 1,
  statistic: Number.isNaN(event.logOdds) ? 0 : event.logOdds,
  learning: false,
  contributions: contributionsOf(event.parts),
  modelVersion,
  role: 'champion',
});

/** What people should hear of a decision. */
export const cutAlert = ({
  decisionId,
  subject,
  pipeline,
  mode,
  reason,
  withheld,
  risk,
  decidedAt,
}: Decision): Alert => ({
  alertId: `keyCut/${decisionId}`,
  subject,
  pipeline,
  kind: 'keyCut',
  severity: risk > 80 ? 'critical' : 'warning',
  summary: `${mode === 'shadow' || withheld ? 'Would cut' : 'Cut'} the key ${subject}: ${reason}`,
  decisionId,
  at: decidedAt,
});
