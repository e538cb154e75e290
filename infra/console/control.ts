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

  apply(control: Control): void {
    if (control.subject === null && (control.pipeline === '' || control.pipeline === pipeline))
      this.#settings.set(control.key, control);
  }

  /** What is in force at a time, epoch milliseconds. */
  view(now: number): ControlView {
    const value = (key: string): unknown => {
      const control = this.#settings.get(key);
      return control && (control.expiresAt === null || control.expiresAt > now) ? parse(control.value) : undefined;
    };
    const policy = value(`policy/${pipeline}`) ?? value(`policy/${pipeline}/configured`);
    const mode = [value(`mode/${pipeline}`), value('mode'), member(policy, 'mode')].find(
      (known) => known === 'shadow' || known === 'enforce',
    );
    const thrown = ['killSwitch', `killSwitch/${pipeline}`].find((key) => value(key) === true);
    const by = thrown === undefined ? undefined : this.#settings.get(thrown);
    return {
      mode: mode ?? null,
      killSwitch: by !== undefined,
      killSwitchReason: by ? `${by.by}: ${by.reason || 'no reason given'}` : '',
      thresholds: thresholdsIn(policy) ?? this.#thresholds,
    };
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const thresholdsIn = (policy: unknown): Thresholds | undefined => {
  const [low, moderate, high] = ['low', 'moderate', 'high'].map((name) => member(policy, name));
  return typeof low === 'number' && typeof moderate === 'number' && typeof high === 'number'
    ? { low, moderate, high }
    : undefined;
};
