import { useSignal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import type { EditablePolicy, PolicyField, PolicyPipeline, PolicyVersion } from '../../../view/policy.ts';
import { Select } from '../../list/filters.tsx';
import { may } from '../../me.ts';
import { useKeys } from '../../shell/keys.ts';
import { say } from '../../shell/toast.tsx';
import { ago, clockMs, inFull } from '../../time.ts';
import { type Draft, isDraft, keepDraft, keptDraft, same, valueAt, withValue } from './draft.ts';
import { Field } from './field.tsx';
import { History } from './history.tsx';
import { Outcome } from './outcome.tsx';
import { useTrial } from './preview.ts';
import { titleOf } from './wording.ts';

/** Days of the past that a draft is tried on. */
const spans = [
  ['1', 'the last day'],
  ['7', 'the last 7 days'],
  ['30', 'the last 30 days'],
] as const;

const why: Readonly<Record<PolicyPipeline, string>> = {
  lifecycle: 'There is no archive that a draft could be tried on.',
  scope: 'There is no archive of API calls that a draft could be tried on.',
  preprovision: 'There is no archive of accesses that a draft could be tried on.',
  keylife: 'There is no archive of keys that a draft could be tried on.',
};

/** Scopes that the draft defines itself can be named in its ranges too. */
const withScopes = (field: PolicyField, { scopes }: Draft): PolicyField => ({
  ...field,
  columns: field.columns.map((column) =>
    /(^|\.)ranges\.scope$/.test(column.path)
      ? { ...column, options: [...column.options, ...Object.keys(scopes ?? {})] }
      : withScopes(column, { scopes }),
  ),
});

/** One pipeline's policy, a draft of it, and what that would have done. */
export const Editor = ({
  entry,
  title,
  onDraft,
  onApply,
  onUndo,
  onPutBack,
}: {
  readonly entry: EditablePolicy;
  readonly title: string;
  /** Told whether the draft differs from what is in force, or cannot be read. */
  readonly onDraft: (changed: boolean) => void;
  readonly onApply: (draft: Draft) => Promise<boolean>;
  readonly onUndo: () => void;
  readonly onPutBack: (version: PolicyVersion) => void;
}) => {
  const { pipeline, current, previous, history, modeSet, fields, canPreview } = entry;
  const kept = useSignal(keptDraft(pipeline));
  const draft = useSignal<Draft>(kept.value?.policy ?? current.policy);
  const days = useSignal<(typeof spans)[number][0]>('7');
  const jsonError = useSignal('');
  const changed = !same(draft.value, current.policy);
  const { trial, cancel, again } = useTrial(
    pipeline,
    canPreview && may('analyst') && changed && jsonError.value === '' ? draft.value : null,
    Number(days.value),
  );
  const drafting = changed || jsonError.value !== '';
  useLayoutEffect(() => {
    onDraft(drafting);
    return () => onDraft(false);
  }, [drafting]);
  const mayApply = may('administrator');
  const keep = (): void => {
    kept.value = { at: clockMs.value, policy: draft.value };
    keepDraft(pipeline, kept.value);
    say('Kept as a draft in this browser; nothing is in force of it');
  };
  const forget = (): void => {
    draft.value = current.policy;
    jsonError.value = '';
    kept.value = null;
    keepDraft(pipeline, null);
  };
  const apply = async (): Promise<void> => {
    if (await onApply(draft.value)) keepDraft(pipeline, null);
  };
  const able = mayApply && changed && jsonError.value === '';
  useKeys('Policy', [
    { key: 'a', text: 'Apply the draft', run: () => able && void apply() },
    { key: 'd', text: 'Save as a draft', run: () => changed && keep() },
    { key: 'u', text: 'Undo the last change', run: () => mayApply && previous && onUndo() },
  ]);
  const set = (path: string) => (value: unknown) => {
    draft.value = withValue(draft.value, path, value);
  };
  const offered = fields.filter(({ kind }) => kind !== 'json').map((field) => withScopes(field, draft.value));
  const isThreshold = ({ kind, path, nullable }: (typeof fields)[number]): boolean =>
    kind === 'rows' || (kind === 'number' && !nullable && !/Ms$|\./.test(path)) || path === 'lifespans.otherwiseMs';
  const isList = ({ kind }: (typeof fields)[number]): boolean => kind === 'texts' || kind === 'entries';
  const lists = offered.filter(isList);
  const others = offered.filter((field) => !isThreshold(field) && !isList(field));
  const changedList = lists.some(({ path }) => !same(valueAt(draft.value, path), valueAt(current.policy, path)));
  const changedOther = others.some(({ path }) => !same(valueAt(draft.value, path), valueAt(current.policy, path)));
  const group = (list: typeof fields) =>
    list.map((field) => (
      <Field
        key={field.path}
        field={field}
        value={valueAt(draft.value, field.path)}
        before={valueAt(current.policy, field.path)}
        onSet={set(field.path)}
        problems={trial.problems}
      />
    ));
  return (
    <div class="policy-columns">
      <section aria-label={`${title} policy`}>
        <p class="policy-now">
          In force: <span class="mono">{current.version}</span>,{' '}
          {current.source === 'default'
            ? 'the default'
            : current.source === 'configuration'
              ? 'as configured'
              : `set by ${current.by}`}
          {current.at !== null && (
            <time title={inFull(current.at)}>
              , {ago(current.at, clockMs.value)}
              {clockMs.value - current.at < 5_000 ? '' : ' ago'}
            </time>
          )}
          {current.source !== 'configuration' && current.reason && `: ${current.reason}`}
          {modeSet && `. The mode ${modeSet} is set beside it, and goes before the policy’s.`}
        </p>
        {kept.value && (
          <p class="policy-now">
            A draft of {inFull(kept.value.at)} is open; it is kept in this browser, and nothing of it is in force.
          </p>
        )}
        <div class="policy-actions">
          {mayApply && (
            <button type="button" class="primary" disabled={!able} onClick={() => void apply()}>
              Apply…
            </button>
          )}
          <button type="button" disabled={!changed} onClick={keep}>
            Save as draft
          </button>
          <button type="button" disabled={!changed && !kept.value && jsonError.value === ''} onClick={forget}>
            Discard draft
          </button>
          {mayApply && previous && (
            <button type="button" onClick={onUndo} title={`Back to ${previous.version}`}>
              Undo last change…
            </button>
          )}
        </div>
        {!mayApply && <p class="field-about">An administrator puts policies in force.</p>}
        <div class="policy-fields">{group(offered.filter(isThreshold))}</div>
        <details class="as-table" open={changedOther || undefined}>
          <summary>Mode, times and budgets</summary>
          <div class="policy-fields">{group(others)}</div>
        </details>
        {lists.length > 0 && (
          <details class="as-table" open={changedList || undefined}>
            <summary>{lists.map(titleOf).join(', ')}</summary>
            <div class="policy-fields policy-lists">{group(lists)}</div>
          </details>
        )}
        <details class="as-table">
          <summary>All of it as JSON</summary>
          <label class="field-about" for="policy-json">
            What has no field of its own is changed here
          </label>
          <textarea
            id="policy-json"
            class="mono"
            rows={16}
            spellcheck={false}
            value={JSON.stringify(draft.value, null, 2)}
            aria-invalid={jsonError.value !== ''}
            onChange={({ currentTarget }) => {
              try {
                const policy: unknown = JSON.parse(currentTarget.value);
                if (!isDraft(policy)) throw new Error('A policy is an object of names and values: { … }');
                draft.value = policy;
                jsonError.value = '';
              } catch (error) {
                jsonError.value = (error as Error).message;
              }
            }}
          />
          {jsonError.value && (
            <p role="alert" class="form-failure">
              {jsonError.value}
            </p>
          )}
        </details>
        {history.length > 0 && <History {...{ history, current, fields, onPutBack }} />}
      </section>
      <section class="panel policy-preview" aria-label="What would have differed">
        <h2>What would have differed</h2>
        {!canPreview && <p class="panel-text">{why[pipeline]}</p>}
        {canPreview && (
          <div class="policy-actions">
            <Select
              label="Tried on"
              value={days.value}
              options={spans}
              onChoose={(chosen) => {
                days.value = chosen;
              }}
            />
            {trial.state === 'running' ? (
              <button type="button" onClick={cancel}>
                Cancel
              </button>
            ) : (
              <button type="button" disabled={!changed} onClick={again}>
                Try again
              </button>
            )}
          </div>
        )}
        {canPreview && !changed && (
          <p class="panel-text">Change something: the past is decided again by the draft, and compared.</p>
        )}
        {canPreview && !may('analyst') && <p class="panel-text">Analysts can try drafts.</p>}
        {trial.state === 'running' && (
          <progress class="policy-progress" value={trial.progress} aria-label="Deciding the past again" />
        )}
        {trial.state === 'failed' && (
          <p role="alert" class="form-failure">
            {trial.error}
          </p>
        )}
        {trial.outcome && (
          <div class="policy-outcome" data-stale={trial.state === 'running' || undefined}>
            <Outcome outcome={trial.outcome} />
          </div>
        )}
      </section>
    </div>
  );
};
