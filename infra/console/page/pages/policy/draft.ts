import type { PolicyPipeline } from '../../../view/policy.ts';

/** A policy as the page holds it. */
export type Draft = Readonly<Record<string, unknown>>;

/** Whether something could be a policy, or a row of one: neither a list nor nothing. */
export const isDraft = (value: unknown): value is Draft =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands at a path such as `budgetForAll.actions`. */
export const valueAt = (policy: Draft, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (value as Draft | undefined)?.[name], policy);

/** The policy with another value at a path. */
export const withValue = (policy: Draft, path: string, value: unknown): Draft => {
  const [name, ...rest] = path.split('.') as [string, ...string[]];
  const inner = rest.length === 0 ? value : withValue((policy[name] ?? {}) as Draft, rest.join('.'), value);
  return { ...policy, [name]: inner };
};

/** Whether two values say the same, whatever the order of their names. */
export const same = (one: unknown, other: unknown): boolean => sorted(one) === sorted(other);

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? '';

/** A draft that was put by, on this machine. */
export interface KeptDraft {
  readonly at: number;
  readonly policy: Draft;
}

const keyOf = (pipeline: PolicyPipeline): string => `ebbtide.policy.${pipeline}`;

/** The draft that was put by; null where there is none that could be shown. */
export const keptDraft = (pipeline: PolicyPipeline): KeptDraft | null => {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(pipeline)) ?? 'null') as KeptDraft | null;
    return isDraft(kept?.policy) ? kept : null;
  } catch {
    return null;
  }
};

/** Put a draft by, or forget it. */
export const keepDraft = (pipeline: PolicyPipeline, draft: KeptDraft | null): void => {
  if (draft) localStorage.setItem(keyOf(pipeline), JSON.stringify(draft));
  else localStorage.removeItem(keyOf(pipeline));
};
