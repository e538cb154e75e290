import { type FindSetting, modeNow, policyInForce, policyOf, refusalOf, thrownSwitch } from '../../schemas/control.ts';
import type { Control } from '../../schemas/generated/Control.ts';
import type { ControlView, Thresholds } from './view/protocol.ts';

/** The pipeline whose credentials the console shows. */
const pipeline = 'lifecycle';

/**
 * What topic `control` says for all credentials: mode, kill switch, thresholds. What is set for single subjects is left out.
 *
 * @example
 * const controls = new Controls(thresholds);
 * controls.apply(record);
 * controls.view(Date.now()).killSwitch;
 */
export class Controls {
  readonly #settings = new Map<string, Control>();
  readonly #thresholds: Thresholds;

  /** @param thresholds - in force until a policy is heard of */
  constructor({ low, moderate, high }: Thresholds) {
    this.#thresholds = { low, moderate, high };
  }

  /** Take records in, in the order of the topic; one that is refused leaves what was there. */
  apply(control: Control): void {
    const governs = control.subject === null && (control.pipeline === '' || control.pipeline === pipeline);
    if (governs && refusalOf(control) === undefined) this.#settings.set(control.key, control);
  }

  /** What is in force at a time, epoch milliseconds. */
  view(now: number): ControlView {
    const find: FindSetting = (key) => this.#settings.get(key);
    const set = policyInForce(find, pipeline, now);
    const policy = set && policyOf(set, 'lifecycle');
    const thrown = thrownSwitch(find, 'killSwitch', pipeline, null, now);
    return {
      mode: modeNow(find, pipeline, now) ?? null,
      killSwitch: thrown !== undefined,
      killSwitchReason: thrown ? `${thrown.by}: ${thrown.reason || 'no reason given'}` : '',
      thresholds: policy ? { low: policy.low, moderate: policy.moderate, high: policy.high } : this.#thresholds,
    };
  }
}
