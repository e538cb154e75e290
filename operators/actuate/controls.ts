import {
  controlKey,
  exemptionOn,
  type FindSetting,
  inForce,
  killSwitchOn,
  type Mode,
  modeSet,
  refusalOf,
  switchedOn,
} from '../../schemas/control.ts';
import type { Control } from '../../schemas/generated/index.ts';

/**
 * What administrators have set, as the actuator needs it at the moment of application: kill switch, mode, exemptions.
 * What a record says is read as `schemas/control.ts` describes.
 *
 * @example
 * const controls = new Controls();
 * controls.apply(record);
 * controls.killed('lifecycle', 'cred-1', nowMs);
 */
export class Controls {
  readonly #settings = new Map<string, Control>();
  readonly #find: FindSetting = (key) => this.#settings.get(key);

  /** Take records in, in the order of the topic; one that is refused leaves what was there. */
  apply(control: Control): void {
    if (control.kind === 'policy' || refusalOf(control)) return;
    this.#settings.set(controlKey(control.kind, control.pipeline, control.subject ?? ''), control);
  }

  /** Take a tombstone in: what its key set is in force no longer. */
  remove(key: string): void {
    this.#settings.delete(key);
  }

  /** How many kill switches, or exemptions, are on at a time, epoch milliseconds. */
  on(kind: 'killSwitch' | 'exemption', nowMs: number): number {
    let count = 0;
    for (const control of this.#settings.values())
      if (control.kind === kind && inForce(control, nowMs) && switchedOn(control)) count++;
    return count;
  }

  /** Whether the kill switch stops every action on this subject. */
  killed(pipeline: string, subject: string, nowMs: number): boolean {
    return killSwitchOn(this.#find, pipeline, subject, nowMs);
  }

  /** Whether harsh actions on this subject are withheld: somebody broke the glass. */
  exempt(pipeline: string, subject: string, nowMs: number): boolean {
    return exemptionOn(this.#find, pipeline, subject, nowMs);
  }

  /** The mode set since, or undefined where the decision's own counts. */
  mode(pipeline: string, subject: string, nowMs: number): Mode | undefined {
    return modeSet(this.#find, pipeline, subject, nowMs);
  }
}
