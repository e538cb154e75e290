import { EbbtideError } from '../../../schemas/errors.ts';
import type { Action } from '../invocation.ts';
import { type PointOptions, pointModels } from '../point-models.ts';

/** Let a version score beside the champion, or end that. */
export const run: Action<PointOptions & { end?: boolean }, [string | undefined]> = (invocation, options, version) => {
  const { end = false, kind } = options;
  if (end === (version !== undefined))
    throw new EbbtideError('REQUEST_INVALID', 'Name a version to challenge with, or give --end', {});
  return pointModels(invocation, options, async ({ champion, challenger, base }, _, choose) => {
    if (version !== undefined && champion.version === version)
      throw new EbbtideError('REQUEST_INVALID', `Version ${version} is the champion of ${kind}; it cannot challenge`, {
        version,
      });
    if (end && !challenger) throw new EbbtideError('REQUEST_INVALID', `No challenger of ${kind} scores now`, {});
    return {
      action: 'challenge',
      champion,
      challenger: version === undefined ? null : await choose(version),
      base,
    };
  });
};
