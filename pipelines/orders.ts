import type { Orders } from '../operators/decideTtl.ts';
import type { Control } from '../schemas/generated/index.ts';
import { type LifecyclePolicy, lifecyclePolicySchema, parseLifecyclePolicy, policyVersion } from '../schemas/policy.ts';
import type { VersionedTable } from './versionedTable.ts';

/** Key of the policy that a deployment's configuration sets; administrators' own goes before it. */
export const configuredPolicyKey = (pipeline: string): string => `policy/${pipeline}/configured`;

/**
 * What topic `control` orders for a pipeline as of its offsets: policy and mode, kill switch, exemptions. Orders that
 * cannot be read are passed over, so the last good ones stay; the caller hears of them.
 *
 * @param table - topic `control`
 * @param refused - told of each order that was passed over, once
 * @param instead - a policy that takes the place of those in `control`, as a replay may ask for; all else stays in force
 */
export const ordersAsOf = (
  pipeline: string,
  table: VersionedTable<Control>,
  refused: (control: Control, why: string) => void,
  instead?: LifecyclePolicy,
): ((offset: number) => Orders) => {
  let known: { offset: number; orders: Orders } | undefined;
  const told = new Set<string>();
  const refuse = (control: Control, why: string) => {
    const id = `${control.key}/${control.version}`;
    if (told.has(id)) return;
    told.add(id);
    refused(control, why);
  };

  const policyOf = (control: Control | undefined): LifecyclePolicy | undefined => {
    if (!control) return undefined;
    try {
      return parseLifecyclePolicy(JSON.parse(control.value));
    } catch (error) {
      refuse(control, (error as Error).message);
      return undefined;
    }
  };

  const read = (offset: number): Orders => {
    const get = (key: string) => table.at(key, offset);
    let policy =
      instead ??
      policyOf(get(`policy/${pipeline}`)) ??
      policyOf(get(configuredPolicyKey(pipeline))) ??
      lifecyclePolicySchema.parse({});
    const mode = get(`mode/${pipeline}`) ?? get('mode');
    if (mode) {
      const value = parseJson(mode.value);
      if (value === 'shadow' || value === 'enforce') policy = { ...policy, mode: value };
      else refuse(mode, `Mode must be "shadow" or "enforce", got ${mode.value}`);
    }
    const on = (control: Control | undefined) => control !== undefined && parseJson(control.value) === true;
    const exemptions = new Map<string, number>();
    for (const subject of policy.exempt) exemptions.set(subject, Number.POSITIVE_INFINITY);
    for (const [, control] of table.entries(offset)) {
      if (control.kind !== 'exemption' || !control.subject || !on(control)) continue;
      if (control.pipeline === '' || control.pipeline === pipeline)
        exemptions.set(
          control.subject,
          Math.max(exemptions.get(control.subject) ?? 0, control.expiresAt ?? Number.POSITIVE_INFINITY),
        );
    }
    return {
      policy,
      policyVersion: policyVersion(policy),
      killSwitch: on(get('killSwitch')) || on(get(`killSwitch/${pipeline}`)),
      exempt: (subject, time) => time < (exemptions.get(subject) ?? 0),
    };
  };

  return (offset) => {
    if (known?.offset !== offset) known = { offset, orders: read(offset) };
    return known.orders;
  };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
