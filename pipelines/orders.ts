import type { Orders } from '../operators/decideTtl.ts';
import {
  exemptionOn,
  type FindSetting,
  inForce,
  killSwitchOn,
  modeSet,
  type PolicyOf,
  type PolicyPipeline,
  policyOf,
  policyParsers,
  refusalOf,
} from '../schemas/control.ts';
import type { Control } from '../schemas/generated/index.ts';
import { policyVersion } from '../schemas/policy.ts';
import type { VersionedTable } from './versionedTable.ts';

/** Key of the policy that a deployment's configuration sets; administrators' own goes before it. */
export const configuredPolicyKey = (pipeline: string): string => `policy/${pipeline}/configured`;

/** What policies of all pipelines have. */
export interface PipelinePolicy {
  readonly mode: 'shadow' | 'enforce';
  /** Subjects that are never acted upon harshly. @default none */
  readonly exempt?: readonly string[];
}

/** A policy that orders are read for: what a record holds, and what counts where there is none. */
export interface PolicyKind<P> {
  of(control: Control): P;
  standard(): P;
}

const policiesOf = <P extends PolicyPipeline>(pipeline: P): PolicyKind<PolicyOf<P>> => ({
  of: (control) => policyOf(control, pipeline),
  standard: () => policyParsers[pipeline]({}) as PolicyOf<P>,
});

/** Policies of each pipeline. */
export const lifecyclePolicies = policiesOf('lifecycle');
export const scopePolicies = policiesOf('scope');
export const keylifePolicies = policiesOf('keylife');
export const preprovisionPolicies = policiesOf('preprovision');

/**
 * What topic `control` orders for a pipeline as of its offsets and a time: policy and mode, kill switch, exemptions.
 * Of each key the last good record counts; the caller hears of those that were refused.
 *
 * Nothing runs before its policy is published: what was sent before the first clock record, or before what compaction
 * left of the topic, is judged as of the pipeline's first policy that is known.
 *
 * @param table - topic `control`
 * @param refused - told of each order that was passed over, once
 * @param policies - how the pipeline's policy is read
 * @param instead - a policy that takes the place of those in `control`, as a replay may ask for; all else stays in force
 * @returns given an end offset of `control` and an event time, epoch milliseconds
 */
export const ordersAsOf = <P extends PipelinePolicy>(
  pipeline: string,
  table: VersionedTable<Control>,
  refused: (control: Control, why: string) => void,
  policies: PolicyKind<P>,
  instead?: P,
): ((offset: number, time: number) => Orders<P>) => {
  let known: { offset: number; from: number; until: number; orders: Orders<P> } | undefined;
  const judged = new WeakMap<Control, boolean>();
  const accept = (control: Control): boolean => {
    const before = judged.get(control);
    if (before !== undefined) return before;
    const why = refusalOf(control);
    judged.set(control, why === undefined);
    if (why !== undefined) refused(control, why);
    return why === undefined;
  };

  const keys = [`policy/${pipeline}`, configuredPolicyKey(pipeline)];
  const read = (offset: number, time: number) => {
    const settings = new Map<string, Control>();
    const firsts = keys.map((key) => table.firstOf(key, accept)).filter((first) => first !== undefined);
    const asOf = firsts.length === 0 ? offset : Math.max(offset, Math.min(...firsts));
    // What is in force changes next when something lapses.
    let from = Number.NEGATIVE_INFINITY;
    let until = Number.POSITIVE_INFINITY;
    for (const key of table.keys()) {
      const control = table.lastAt(key, asOf, accept);
      if (!control) continue;
      settings.set(key, control);
      const { expiresAt } = control;
      if (expiresAt !== null && expiresAt <= time) from = Math.max(from, expiresAt);
      else if (expiresAt !== null) until = Math.min(until, expiresAt);
    }
    const find: FindSetting = (key) => settings.get(key);
    const set = keys.map(find).find((one) => inForce(one, time));
    let policy = instead ?? (set ? policies.of(set) : policies.standard());
    policy = { ...policy, mode: modeSet(find, pipeline, null, time) ?? policy.mode };
    const exempt = new Set(policy.exempt);
    const orders: Orders<P> = {
      policy,
      policyVersion: policyVersion(policy),
      killSwitch: killSwitchOn(find, pipeline, null, time),
      killed: (subject) => killSwitchOn(find, pipeline, subject, time),
      exempt: (subject, at) => exempt.has(subject) || exemptionOn(find, pipeline, subject, at),
    };
    return { offset, from, until, orders };
  };

  return (offset, time) => {
    if (known?.offset !== offset || time < known.from || time >= known.until) known = read(offset, time);
    return known.orders;
  };
};
