import { lifespanOf } from '../../../models/biometric/lifespan.ts';
import { sha256 } from '../../../models/hash.ts';
import type { KeylifePolicy } from '../../../schemas/keylifePolicy.ts';
import type { KeyhostConfig } from './config.ts';
import type { Signer } from './signers/signer.ts';

/** Name of a key in the register: the same request gives the same, and nobody else's has it. */
export const keyName = (user: string, requestId: string): string =>
  `key-${sha256(`${user}/${requestId}`).slice(0, 24)}`;

/** Keys end at whole seconds. @param time - epoch milliseconds */
export const wholeSecond = (time: number): number => Math.floor(time / 1000) * 1000;

/**
 * Longest life of a key, milliseconds: what cannot be revoked, and is not denied by whoever accepts it, lives no longer than
 * in doubt.
 */
export const longestLifeMs = ({
  signer,
  config,
  policy,
}: {
  readonly signer: Pick<Signer, 'revocable'>;
  readonly config: KeyhostConfig;
  readonly policy: KeylifePolicy;
}): number =>
  signer.revocable || config.keys.denialsHeeded ? Number.POSITIVE_INFINITY : lifespanOf(1, policy.lifespans);
