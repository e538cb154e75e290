import type { Decision } from '../../schemas/generated/index.ts';

/** What the last applied decision on a subject was. */
export interface Applied {
  readonly windowEnd: number;
  readonly revoked: boolean;
}

/**
 * Which decisions on one subject are overtaken by a newer one, among those at hand or already applied.
 *
 * A decision states the whole remaining life that is wanted, so the newest says it all and the older need not be
 * carried out. Only a revocation is never overtaken, and after it nothing else counts.
 *
 * @param decisions - on one subject, in the order of their arrival, without `keep`
 * @param applied - the last applied, if any
 * @returns for each decision the end of the window that overtook it, or undefined where it stands
 * @example
 * overtaken([shortenAt10, extendAt20], undefined); // [20, undefined]
 */
export const overtaken = (
  decisions: readonly Pick<Decision, 'action' | 'windowEnd'>[],
  applied: Applied | undefined,
): (number | undefined)[] => {
  const revocation = decisions.findIndex((decision) => decision.action === 'revoke');
  return decisions.map((decision, index) => {
    if (decision.action === 'revoke') return undefined;
    if (applied && (applied.revoked || applied.windowEnd > decision.windowEnd)) return applied.windowEnd;
    if (revocation >= 0) return decisions[revocation]?.windowEnd;
    const newer = decisions.filter(
      (other, at) => other.windowEnd > decision.windowEnd || (other.windowEnd === decision.windowEnd && at > index),
    );
    return newer.length > 0 ? Math.max(...newer.map((other) => other.windowEnd)) : undefined;
  });
};
