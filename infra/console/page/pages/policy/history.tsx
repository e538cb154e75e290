import type { PolicyField, PolicyVersion } from '../../../view/policy.ts';
import { may } from '../../me.ts';
import { inFull, when } from '../../time.ts';
import { same, valueAt } from './draft.ts';
import { textOf, titleOf } from './wording.ts';

const changesOf = (one: PolicyVersion, current: PolicyVersion, fields: readonly PolicyField[]) =>
  fields.filter(({ path }) => !same(valueAt(one.policy, path), valueAt(current.policy, path)));

/** Policies that were in force before: who, when, why, and what differs from the one in force; each can be put back. */
export const History = ({
  history,
  current,
  fields,
  onPutBack,
}: {
  readonly history: readonly PolicyVersion[];
  readonly current: PolicyVersion;
  readonly fields: readonly PolicyField[];
  readonly onPutBack: (version: PolicyVersion) => void;
}) => (
  <details class="as-table policy-history">
    <summary>{history.length === 1 ? 'One version before' : `${history.length} versions before`}</summary>
    <ol class="records">
      {history.map((one) => (
        <li key={`${one.version} ${one.at}`}>
          <span class="record-main">
            <span>
              <strong>{one.by}</strong>: {one.reason || 'no reason given'}
            </span>
            <span class="record-about">
              <span class="mono">{one.version}</span>
              {one.at !== null && (
                <>
                  ,{' '}
                  <time dateTime={new Date(one.at).toISOString()} title={inFull(one.at)}>
                    {when(one.at)}
                  </time>
                </>
              )}
            </span>
            <ul class="policy-changes">
              {changesOf(one, current, fields).map((field) => (
                <li key={field.path}>
                  {titleOf(field)}: {textOf(field, valueAt(one.policy, field.path))}{' '}
                  <span class="record-about">now {textOf(field, valueAt(current.policy, field.path))}</span>
                </li>
              ))}
            </ul>
          </span>
          {may('administrator') && (
            <button type="button" aria-label={`Put back… ${one.version}`} onClick={() => onPutBack(one)}>
              Put back…
            </button>
          )}
        </li>
      ))}
    </ol>
  </details>
);
