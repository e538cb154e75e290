import { silenceSetting } from '../../../alerts/silences.ts';
import type { Action } from '../../invocation.ts';
import { setControl } from '../../set-control.ts';
import { duration } from '../../terminal.ts';

interface Options {
  readonly kinds: string;
  /** Milliseconds. */
  readonly for: number;
  readonly reason: string;
}

/** Tell nobody of some alerts for a while. */
export const run: Action<Options, [string]> = (invocation, { kinds, for: forMs, reason }, subject) =>
  setControl(
    invocation,
    silenceSetting({ subject, kinds, forMs, reason }, Date.now()),
    `Alerts of ${subject}, kinds ${kinds}, are silent for ${duration(forMs)}`,
  );
