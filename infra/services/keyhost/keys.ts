import { grantedLifespan, lifespanOf } from '../../../models/biometric/lifespan.ts';
import { isUncalibrated } from '../../../models/biometric/summary.ts';
import { sha256 } from '../../../models/hash.ts';
import type { KeylifePolicy } from '../../../schemas/keylifePolicy.ts';
import type { KeyhostConfig } from './config.ts';
import type { Signer } from './signers/signer.ts';

/** Name of a key in the register: the same request gives the same, and nobody else's has it. */
export const keyName = (user: string, requestId: string): string =>
  `key-${sha256(`${user}/${requestId}`).slice(0, 24)}`;

/** Keys end at whole seconds. @param time - epoch milliseconds */
export const wholeSecond = (time: number): number => Math.floor(time / 1000) * 1000;

/** What the life of a key follows from, beside how it was assessed. */
export interface KeyLifeRule {
  readonly signer: Pick<Signer, 'revocable'>;
  readonly config: Pick<KeyhostConfig, 'learningLifespanMs'> & {
    readonly keys: Pick<KeyhostConfig['keys'], 'denialsHeeded'>;
  };
  readonly policy: Pick<KeylifePolicy, 'lifespans' | 'rotateAfterMs'>;
}

/**
 * Longest life of a key, milliseconds: what cannot be revoked, and is not denied by whoever accepts it, lives no longer than
 * in doubt.
 */
export const longestLifeMs = ({ signer, config, policy }: KeyLifeRule): number =>
  signer.revocable || config.keys.denialsHeeded ? Number.POSITIVE_INFINITY : lifespanOf(1, policy.lifespans);

/**
 * The life that an authentication earns a key, milliseconds.
 *
 * @param heard - verifiers that the risk rests on
 */
export const keyLifeMs = (
  { risk, learning, heard }: { readonly risk: number; readonly learning: boolean; readonly heard: readonly string[] },
  rule: KeyLifeRule,
): number => {
  const { lifespans, rotateAfterMs } = rule.policy;
  const grounds = { risk, learning, uncalibrated: isUncalibrated(heard) };
  const earned = grantedLifespan(grounds, lifespans, rule.config.learningLifespanMs);
  return Math.min(earned, rotateAfterMs, longestLifeMs(rule));
};
