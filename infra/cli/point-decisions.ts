import type { ModelKind } from '../../models/registry/record.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Decide } from './point-models.ts';

/**
 * Make a version the champion; the champion before becomes its challenger.
 *
 * @param alone - without a challenger
 */
export const promoteTo =
  (kind: ModelKind, version: string, alone: boolean): Decide =>
  async (current, _, choose) => {
    if (current.champion.version === version)
      throw new EbbtideError('REQUEST_INVALID', `Version ${version} is the champion of ${kind} already`, { version });
    return {
      action: 'promote',
      champion: await choose(version),
      challenger: alone ? null : current.champion,
      base: current.sequence,
    };
  };

/**
 * Make the champion before the last promotion the champion again.
 *
 * @param alone - without a challenger
 */
export const rollBack =
  (kind: ModelKind, alone: boolean): Decide =>
  async (current, chain, choose) => {
    const before = chain.find(({ sequence }) => sequence === current.base);
    if (!before)
      throw new EbbtideError(
        'REQUEST_INVALID',
        `There is nothing to roll back to: ${current.champion.version} is the first champion of ${kind}`,
        { champion: current.champion.version },
      );
    return {
      action: 'rollback',
      champion: await choose(before.champion.version),
      challenger: alone ? null : current.champion,
      base: before.base,
    };
  };
