import { silenceSetting } from '../../../alerts/silences.ts';
import type { Action } from '../../invocation.ts';
import { setControl } from '../../set-control.ts';

/** End a silence. */
export const run: Action<{ reason: string }, [string]> = (invocation, { reason }, subject) =>
  setControl(
    invocation,
    silenceSetting({ subject, kinds: '*', forMs: 0, reason }, Date.now()),
    `Alerts of ${subject} are told again`,
  );
