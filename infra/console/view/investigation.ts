import type { Investigation as Step } from '../../../schemas/generated/Investigation.ts';

/** What an investigation found; `none` while it is open. */
export type { Finding } from '../../../schemas/generated/Investigation.ts';
export type { Step };

/** An investigation, made up of its steps. */
export interface Investigation {
  readonly id: string;
  readonly subject: string;
  readonly title: string;
  readonly status: 'open' | 'closed';
  /** Whose it is; empty for nobody. */
  readonly assignee: string;
  readonly finding: Step['finding'];
  /** Decisions that belong to it, the first of them the one that opened it. */
  readonly decisionIds: readonly string[];
  readonly openedBy: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  readonly changedAt: number;
  /** Steps that changed its state; the next one is made on this. */
  readonly base: number;
  /** Every step that counted, in order. */
  readonly steps: readonly Step[];
}

/** Most steps of one investigation. */
export const mostSteps = 1_000;
/** Longest comment, characters. */
export const longestComment = 10_000;

const isStateless = ({ kind }: Step): boolean => kind === 'commented' || kind === 'linked';

/**
 * Take one step, in the order of the topic.
 *
 * @returns the investigation after it; undefined when the step does not count: another came first, or there is nothing it belongs to
 */
export const takeStep = (before: Investigation | undefined, step: Step): Investigation | undefined => {
  if (!before) return step.kind === 'opened' ? openedBy(step) : undefined;
  if (step.kind === 'opened' || step.kind === 'unknown' || before.steps.length >= mostSteps) return undefined;
  if (before.steps.some(({ stepId }) => stepId === step.stepId)) return undefined;
  const next = { ...before, changedAt: Math.max(before.changedAt, step.at), steps: [...before.steps, step] };
  if (step.kind === 'linked' && step.decisionId !== null) {
    if (before.decisionIds.includes(step.decisionId)) return undefined;
    return { ...next, decisionIds: [...before.decisionIds, step.decisionId] };
  }
  if (isStateless(step)) return next;
  if (step.base !== before.base) return undefined;
  const changed = { ...next, base: before.base + 1 };
  if (step.kind === 'assigned') return { ...changed, assignee: step.assignee };
  if (step.kind === 'closed')
    return before.status === 'closed' ? undefined : { ...changed, status: 'closed', finding: step.finding };
  return before.status === 'open' ? undefined : { ...changed, status: 'open', finding: 'none' };
};

const openedBy = (step: Step): Investigation => ({
  id: step.investigationId,
  subject: step.subject,
  title: step.title,
  status: 'open',
  assignee: step.assignee,
  finding: 'none',
  decisionIds: step.decisionId === null ? [] : [step.decisionId],
  openedBy: step.by,
  openedAt: step.at,
  changedAt: step.at,
  base: 1,
  steps: [step],
});

/** An investigation in a list: without its steps. */
export type InvestigationEntry = Omit<Investigation, 'steps'> & { readonly comments: number };

/** The list's entry of an investigation. */
export const entryOf = ({ steps, ...rest }: Investigation): InvestigationEntry => ({
  ...rest,
  comments: steps.filter(({ kind }) => kind === 'commented').length,
});
