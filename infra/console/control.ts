import { controlRecord } from '../../schemas/control.ts';
import type { Control } from '../../schemas/generated/Control.ts';
import type { ControlView } from './view/protocol.ts';

/**
 * Fold one control record into what the page shows. Records for one pipeline or one subject leave it as it is.
 *
 * @param view - before the record
 */
export const foldControl = (view: ControlView, control: Control): ControlView => {
  if (control.subject !== null) return view;
  const value = parse(control.value);
  switch (control.kind) {
    case 'killSwitch': {
      const on = isOn(value);
      return {
        ...view,
        killSwitch: on,
        killSwitchReason: on ? `${control.by}: ${control.reason || 'no reason given'}` : '',
      };
    }
    case 'mode': {
      const mode = member(value, 'mode') ?? value;
      return mode === 'shadow' || mode === 'enforce' ? { ...view, mode } : view;
    }
    case 'policy': {
      const mode = member(value, 'mode');
      return {
        ...view,
        thresholds: thresholdsIn(value) ?? view.thresholds,
        mode: mode === 'shadow' || mode === 'enforce' ? mode : view.mode,
      };
    }
    default:
      return view;
  }
};

/** The control record that throws the kill switch for every pipeline, or takes it back. */
export const killSwitchRecord = (on: boolean, by: string, reason: string, at: number): Control =>
  controlRecord({ kind: 'killSwitch', value: on, by, reason }, at);

/** The control record that sets the mode of every pipeline. */
export const modeRecord = (mode: 'shadow' | 'enforce', by: string, reason: string, at: number): Control =>
  controlRecord({ kind: 'mode', value: mode, by, reason }, at);

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const isOn = (value: unknown): boolean => value === true || value === 'on' || member(value, 'on') === true;

const thresholdsIn = (policy: unknown): ControlView['thresholds'] | undefined => {
  const [low, moderate, high] = ['low', 'moderate', 'high'].map((name) => member(policy, name));
  return typeof low === 'number' && typeof moderate === 'number' && typeof high === 'number'
    ? { low, moderate, high }
    : undefined;
};
