import { createHash } from 'node:crypto';
import { EbbtideError } from './errors.ts';
import type { Control, ControlKind } from './generated/Control.ts';
import { parseKeylifePolicy } from './keylifePolicy.ts';
import { type LifecyclePolicy, parseLifecyclePolicy } from './policy.ts';
import { parsePreprovisionPolicy } from './preprovisionPolicy.ts';
import { parseScopePolicy } from './scopePolicy.ts';

/** What somebody sets in topic `control`. */
export interface Setting {
  readonly kind: ControlKind;
  /** Pipeline governed; for all when absent. */
  readonly pipeline?: string;
  /** Subject governed; for all when absent. */
  readonly subject?: string;
  /**
   * `true` or `false` for a kill switch or an exemption, `"shadow"` or `"enforce"` for a mode, the policy for a policy,
   * `{ on, kinds }` for a silence.
   */
  readonly value: unknown;
  /** When it lapses, epoch milliseconds; never when absent. */
  readonly expiresAt?: number;
  readonly by: string;
  readonly reason: string;
}

/** All of topic `control` lies in this partition, so that settings have one order. */
export const controlPartition = 0;

/**
 * Pipeline of decisions that a person makes: the mode of pipelines does not govern them; the kill switch and exemptions
 * do.
 */
export const personPipeline = 'console';

/**
 * The key of a setting: its kind, pipeline and subject joined by `/`, as far as they are given.
 *
 * @example
 * controlKey('killSwitch'); // 'killSwitch'
 * controlKey('mode', 'lifecycle'); // 'mode/lifecycle'
 * controlKey('exemption', '', 'cred-1'); // 'exemption//cred-1'
 */
export const controlKey = (kind: ControlKind, pipeline = '', subject = ''): string =>
  [kind, pipeline, subject].join('/').replace(/\/+$/, '');

/**
 * The record of a setting. What no reader would accept is refused here, before anybody hears of it.
 *
 * @param at - when it is set, epoch milliseconds
 * @throws {EbbtideError} `POLICY_INVALID` or `REQUEST_INVALID`, saying what was expected
 */
export const controlRecord = (setting: Setting, at: number): Control => {
  const { kind, pipeline = '', subject = null, value, expiresAt = null, by, reason } = setting;
  const text = JSON.stringify(value);
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const record: Control = {
    key: controlKey(kind, pipeline, subject ?? ''),
    kind,
    pipeline,
    subject,
    value: text,
    version,
    expiresAt,
    at,
    by,
    reason,
  };
  const refusal = refusalOf(record);
  if (refusal) throw new EbbtideError(kind === 'policy' ? 'POLICY_INVALID' : 'REQUEST_INVALID', refusal, { kind });
  return record;
};

export type Mode = LifecyclePolicy['mode'];

/**
 * Looks a setting up by its key ({@link controlKey}). Readers never take in what {@link refusalOf} refuses, so that the
 * last good setting of the key stays.
 */
export type FindSetting = (key: string) => Control | undefined;

/** Whether a setting counts at a time, epoch milliseconds: `expiresAt` is the first moment at which it does not. */
export const inForce = (control: Control | undefined, time: number): control is Control =>
  control !== undefined && (control.expiresAt === null || time < control.expiresAt);

/**
 * Why a record must not take effect, undefined where it may: a mode that is none, a policy of one of our
 * pipelines that does not hold, a silence without an end. Kill switches and exemptions are never refused: one that cannot be read is on.
 */
export const refusalOf = (control: Control): string | undefined => {
  if (control.kind === 'silence' && (!control.subject || control.expiresAt === null || !silencedKinds(control)))
    return 'A silence must name subjects and kinds of alerts, such as "*", and when it ends';
  if (control.kind === 'mode' && modeOf(control) === undefined)
    return `Mode must be "shadow" or "enforce", got ${control.value}`;
  // A policy without a pipeline is the lifecycle's
  const pipeline = control.pipeline || 'lifecycle';
  if (control.kind === 'policy' && hasPolicy(pipeline)) return whyNot(() => policyOf(control, pipeline));
  return undefined;
};

const whyNot = (parse: () => unknown): string | undefined => {
  try {
    parse();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

/** How each pipeline's policy is read. */
export const policyParsers = {
  lifecycle: parseLifecyclePolicy,
  scope: (value: unknown) => parseScopePolicy(value),
  keylife: parseKeylifePolicy,
  preprovision: parsePreprovisionPolicy,
} as const;

/** Name of a pipeline that has a policy. */
export type PolicyPipeline = keyof typeof policyParsers;

/** The policy of a pipeline. */
export type PolicyOf<P extends PolicyPipeline> = ReturnType<(typeof policyParsers)[P]>;

const hasPolicy = (pipeline: string): pipeline is PolicyPipeline => Object.hasOwn(policyParsers, pipeline);

/**
 * The policy of a pipeline in a record of kind `policy`.
 *
 * @throws {EbbtideError} `POLICY_INVALID`
 */
export const policyOf = <P extends PolicyPipeline>(control: Control, pipeline: P): PolicyOf<P> =>
  policyParsers[pipeline](policyValue(control)) as PolicyOf<P>;

const policyValue = (control: Control): unknown => {
  const value = parsed(control.value);
  if (value === undefined) throw new EbbtideError('POLICY_INVALID', 'Policy refused: its value is not JSON');
  return value;
};

/** The mode in a record: `"shadow"`, `"enforce"` or an object with the member `mode`; undefined for anything else. */
export const modeOf = (control: Control): Mode | undefined => {
  const value = parsed(control.value);
  const mode = typeof value === 'object' && value !== null ? (value as { mode?: unknown }).mode : value;
  return mode === 'shadow' || mode === 'enforce' ? mode : undefined;
};

/** The pattern of kinds in a silence: the member `kinds` of its value; undefined where there is none. */
export const silencedKinds = (control: Control): string | undefined => {
  const value = parsed(control.value);
  const kinds = typeof value === 'object' && value !== null ? (value as { kinds?: unknown }).kinds : undefined;
  return typeof kinds === 'string' && kinds !== '' ? kinds : undefined;
};

/**
 * Whether a kill switch or an exemption is on. Off are `false`, `null`, `0`, `"off"`, `"false"`, and an object whose
 * member `on` (of an exemption: `exempt`) is one of them; anything else is on, text that is not JSON too: in doubt
 * nothing is done to a credential.
 */
export const switchedOn = (control: Control): boolean => {
  const value = parsed(control.value);
  const member = control.kind === 'exemption' ? 'exempt' : 'on';
  return !off(
    typeof value === 'object' && value !== null && member in value ? (value as Record<string, unknown>)[member] : value,
  );
};

/** Whether the kill switch stops every action on a subject (null: on all): one that is on anywhere above it does. */
export const killSwitchOn = (find: FindSetting, pipeline: string, subject: string | null, time: number): boolean =>
  thrownSwitch(find, 'killSwitch', pipeline, subject, time) !== undefined;

/** Whether a subject is spared from harsh actions: its own exemption, its pipeline's or one for all. */
export const exemptionOn = (find: FindSetting, pipeline: string, subject: string | null, time: number): boolean =>
  thrownSwitch(find, 'exemption', pipeline, subject, time) !== undefined;

/** The narrowest switch of a kind that is on at a time. */
export const thrownSwitch = (
  find: FindSetting,
  kind: 'killSwitch' | 'exemption',
  pipeline: string,
  subject: string | null,
  time: number,
): Control | undefined => {
  for (const key of keysOf(kind, pipeline, subject)) {
    const control = find(key);
    if (inForce(control, time) && switchedOn(control)) return control;
  }
  return undefined;
};

/** The mode that was set for a subject: the narrowest setting in force counts; undefined where there is none. */
export const modeSet = (
  find: FindSetting,
  pipeline: string,
  subject: string | null,
  time: number,
): Mode | undefined => {
  for (const key of keysOf('mode', pipeline, subject)) {
    const control = find(key);
    const mode = inForce(control, time) ? modeOf(control) : undefined;
    if (mode) return mode;
  }
  return undefined;
};

/** The policy in force for a pipeline at a time: what a person set, else what is configured; undefined where there is neither. */
export const policyInForce = (find: FindSetting, pipeline: PolicyPipeline, time: number): Control | undefined =>
  [find(`policy/${pipeline}`), find(`policy/${pipeline}/configured`)].find((one) => inForce(one, time));

/**
 * The mode that a pipeline is in at a time, epoch milliseconds: the one that was set, else that of its policy in force;
 * undefined where neither is known.
 */
export const modeNow = (find: FindSetting, pipeline: PolicyPipeline, time: number): Mode | undefined => {
  const set = policyInForce(find, pipeline, time);
  return modeSet(find, pipeline, null, time) ?? (set && policyOf(set, pipeline).mode);
};

/** Keys under which a setting may govern a subject, the narrowest first. */
const keysOf = (kind: ControlKind, pipeline: string, subject: string | null): string[] => [
  ...(subject ? [controlKey(kind, pipeline, subject), controlKey(kind, '', subject)] : []),
  controlKey(kind, pipeline),
  controlKey(kind),
];

const off = (value: unknown): boolean =>
  value === false || value === null || value === 0 || value === 'off' || value === 'false';

/** Undefined where the text is not JSON. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
