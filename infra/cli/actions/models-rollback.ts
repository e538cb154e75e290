import { EbbtideError } from '../../../schemas/errors.ts';
import type { Action } from '../invocation.ts';
import { type PointOptions, pointModels } from '../point-models.ts';

/** Make the champion before the last promotion the champion again. */
export const run: Action<PointOptions & { alone?: boolean }> = (invocation, options) =>
  pointModels(invocation, options, async (current, chain, choose) => {
    const before = chain.find(({ sequence }) => sequence === current.base);
    if (!before)
      throw new EbbtideError(
        'REQUEST_INVALID',
        `There is nothing to roll back to: ${current.champion.version} is the first champion of ${options.kind}`,
        { champion: current.champion.version },
      );
    return {
      action: 'rollback',
      champion: await choose(before.champion.version),
      challenger: options.alone ? null : current.champion,
      base: before.base,
    };
  });
