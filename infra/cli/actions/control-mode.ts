import type { Action } from '../invocation.ts';
import { setControl } from '../set-control.ts';

/** Set the mode of every pipeline. */
export const run: Action<{ reason: string }, ['shadow' | 'enforce']> = (invocation, { reason }, mode) =>
  setControl(
    invocation,
    { kind: 'mode', value: mode, reason },
    mode === 'shadow' ? 'Mode shadow: decisions are recorded and not applied' : 'Mode enforce: decisions are applied',
  );
