import type { Action } from '../invocation.ts';
import { setControl } from '../set-control.ts';
import { duration } from '../terminal.ts';

interface Options {
  readonly reason: string;
  /** Milliseconds. */
  readonly for: number;
  readonly end?: boolean;
}

/** Spare a credential for a while, or end that. */
export const run: Action<Options, [string]> = (invocation, { reason, for: forMs, end = false }, subject) =>
  end
    ? setControl(invocation, { kind: 'exemption', subject, value: false, reason }, `${subject} is no longer exempt`)
    : setControl(
        invocation,
        { kind: 'exemption', subject, value: true, expiresAt: Date.now() + forMs, reason },
        `${subject} is spared from shortening and revocation for ${duration(forMs)}`,
      );
