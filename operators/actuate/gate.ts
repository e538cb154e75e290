import { personPipeline } from '../../schemas/control.ts';
import type { Credential, Decision, Effect } from '../../schemas/generated/index.ts';
import type { Controls } from './controls.ts';

/** Reasons not to act on a decision. */
export type Skip = 'shadow' | 'late' | 'superseded' | 'withheld' | 'unregistered' | 'killSwitch' | 'budget';

/** Whether to act, and why not. */
export type Verdict = { readonly act: true } | { readonly act: false; readonly skipped: Skip; readonly detail: string };

const skip = (skipped: Skip, detail: string): Verdict => ({ act: false, skipped, detail });

/** Whether an action makes a credential's life shorter. */
export const isHarsh = (action: Effect['action']): boolean => action === 'shorten' || action === 'revoke';

/**
 * Whether what administrators have set, its mode and its deadline let a decision be carried out at this moment. Asked before every try, so that a kill switch, an exemption or
 * a deadline counts even for a decision that has been waiting for Vault.
 *
 * @param nowMs - wall clock, epoch milliseconds
 */
export const mayAct = (decision: Decision, controls: Controls, nowMs: number): Verdict => {
  const { pipeline, subject } = decision;
  if (decision.mode !== 'enforce') return skip('shadow', 'Decided in shadow mode');
  if (decision.withheld !== '') return skip('withheld', `Withheld by the pipeline: ${decision.withheld}`);
  if (controls.killed(pipeline, subject, nowMs)) return skip('killSwitch', 'The kill switch is on');
  // Shadow mode keeps pipelines from acting, and not a person who wants it now
  if (pipeline !== personPipeline && controls.mode(pipeline, subject, nowMs) === 'shadow')
    return skip('shadow', 'The mode has been set to shadow since');
  if ((isHarsh(decision.action) || decision.action === 'narrow') && controls.exempt(pipeline, subject, nowMs))
    return skip('withheld', 'The subject is exempt from what is harsh');
  if (decision.deadline !== null && decision.deadline <= nowMs)
    return skip('late', `Its deadline passed ${nowMs - decision.deadline} ms ago`);
  return { act: true };
};

/**
 * Whether a decision on a credential's life may be carried out at this moment; as {@link mayAct}, and the credential
 * must be registered and alive.
 *
 * @param nowMs - wall clock, epoch milliseconds
 */
export const gate = (
  decision: Decision,
  credential: Credential | undefined,
  controls: Controls,
  nowMs: number,
): Verdict => {
  const verdict = mayAct(decision, controls, nowMs);
  if (!verdict.act) return verdict;
  if (!credential) return skip('unregistered', 'The register has no such credential; adopt it to act on it');
  if (credential.status === 'ended') return skip('superseded', 'The credential has ended already');
  return { act: true };
};
