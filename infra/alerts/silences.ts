import { fitsPattern } from '../../operators/fitsPattern.ts';
import { inForce, refusalOf, type Setting, silencedKinds, switchedOn } from '../../schemas/control.ts';
import type { Alert, Control } from '../../schemas/generated/index.ts';

/** A silence in force. */
export interface Silence {
  /** Subjects that are silent; "*" stands for any characters. */
  readonly subject: string;
  /** Kinds of alerts that are silent; "*" stands for any characters. */
  readonly kinds: string;
  /** When it ends, epoch milliseconds. */
  readonly expiresAt: number;
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

/**
 * What topic `control` holds of silences. There is one for each pattern of subjects, so that it can be
 * replaced and ended.
 */
export class Silences {
  readonly #controls = new Map<string, Control>();

  /** Take a record in; what is none of a silence is passed over. */
  take(control: Control | undefined): void {
    if (control?.kind === 'silence' && refusalOf(control) === undefined) this.#controls.set(control.key, control);
  }

  /** Silences in force at a time, epoch milliseconds. */
  inForce(nowMs: number): readonly Silence[] {
    const silences: Silence[] = [];
    for (const [key, control] of this.#controls) {
      if (!inForce(control, nowMs) || !switchedOn(control)) {
        this.#controls.delete(key);
        continue;
      }
      const { subject, expiresAt, by, reason, at } = control;
      silences.push({ subject: subject!, kinds: silencedKinds(control)!, expiresAt: expiresAt!, by, reason, at });
    }
    return silences;
  }

  /** The silence that an alert falls under, undefined where there is none. */
  of({ subject, kind }: Alert, nowMs: number): Silence | undefined {
    if (this.#controls.size === 0) return undefined;
    return this.inForce(nowMs).find((one) => fitsPattern(one.subject, subject) && fitsPattern(one.kinds, kind));
  }
}

/** The setting that makes a silence, or ends it where `forMs` is 0. */
export const silenceSetting = (
  { subject, kinds, forMs, reason }: { subject: string; kinds: string; forMs: number; reason: string },
  nowMs: number,
): Omit<Setting, 'by'> => ({
  kind: 'silence',
  subject,
  value: { on: forMs > 0, kinds },
  expiresAt: nowMs + forMs,
  reason,
});
