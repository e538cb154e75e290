import type { Action } from '../invocation.ts';
import { promoteTo } from '../point-decisions.ts';
import { type PointOptions, pointModels } from '../point-models.ts';

/** Make a version the champion. */
export const run: Action<PointOptions & { alone?: boolean }, [string]> = (invocation, options, version) =>
  pointModels(invocation, options, promoteTo(options.kind, version, options.alone ?? false));
