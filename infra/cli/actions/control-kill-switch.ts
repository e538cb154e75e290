import type { Action } from '../invocation.ts';
import { setControl } from '../set-control.ts';

/** Throw the kill switch, or take it back. */
export const run: Action<{ reason: string }, ['on' | 'off']> = (invocation, { reason }, state) =>
  setControl(
    invocation,
    { kind: 'killSwitch', value: state === 'on', reason },
    state === 'on' ? 'The kill switch is on: nothing is done at Vault until it is off' : 'The kill switch is off',
  );
