import type { Action } from '../invocation.ts';
import { rollBack } from '../point-decisions.ts';
import { type PointOptions, pointModels } from '../point-models.ts';

/** Make the champion before the last promotion the champion again. */
export const run: Action<PointOptions & { alone?: boolean }> = (invocation, options) =>
  pointModels(invocation, options, rollBack(options.kind, options.alone ?? false));
