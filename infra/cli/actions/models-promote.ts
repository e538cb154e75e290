import { EbbtideError } from '../../../schemas/errors.ts';
import type { Action } from '../invocation.ts';
import { type PointOptions, pointModels } from '../point-models.ts';

/** Make a version the champion. */
export const run: Action<PointOptions & { alone?: boolean }, [string]> = (invocation, options, version) =>
  pointModels(invocation, options, async (current, _, choose) => {
    if (current.champion.version === version)
      throw new EbbtideError('REQUEST_INVALID', `Version ${version} is the champion of ${options.kind} already`, {
        version,
      });
    return {
      action: 'promote',
      champion: await choose(version),
      challenger: options.alone ? null : current.champion,
      base: current.sequence,
    };
  });
