import { EbbtideError } from '../../schemas/errors.ts';
import { fits } from '../services/token/callers.ts';
import type { ProvisionConfig, Target } from './config.ts';
import { assertPair, type Pair } from './names.ts';

/**
 * How a user gets at a machine.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` for names that are none, `NOT_FOUND` where no target fits the machine,
 *   `FORBIDDEN` where the user may not have it
 */
export const targetOf = (config: Pick<ProvisionConfig, 'targets'>, pair: Pair): Target => {
  assertPair(pair);
  const found = Object.entries(config.targets).find(([pattern]) => fits([pattern], pair.vm));
  if (!found)
    throw new EbbtideError(
      'NOT_FOUND',
      `No machine "${pair.vm}" is known here; name what it takes under provision.targets`,
      { vm: pair.vm },
    );
  const [, target] = found;
  if (!fits(target.users, pair.user))
    throw new EbbtideError('FORBIDDEN', `User "${pair.user}" may not have a credential for "${pair.vm}"`, { ...pair });
  return target;
};
