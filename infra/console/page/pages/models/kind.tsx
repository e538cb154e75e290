import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { KindOfModel, ModelDifference, PointedModel } from '../../../view/models.ts';
import { get, post } from '../../api.ts';
import { ask } from '../../dialog.ts';
import { plain } from '../../format.ts';
import { useQuery } from '../../list/query.ts';
import { may } from '../../me.ts';
import { say, sayFailed } from '../../shell/toast.tsx';
import { when } from '../../time.ts';
import { Table } from '../../view/frame.tsx';
import { Report } from './report.tsx';

const told = (iso: string): string => (iso === '' ? '–' : when(Date.parse(iso)));
const short = (text: string | null): string =>
  text === null ? '–' : text.length > 80 ? `${text.slice(0, 79)}…` : text;

interface Shown {
  readonly title: string;
  readonly headings: readonly string[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly string[] }[];
}

/** One kind of model: versions, who was put in force when, and what can be done. */
export const Kind = ({
  entry,
  onChanged,
}: {
  readonly entry: KindOfModel;
  readonly onChanged: () => Promise<void>;
}) => {
  const { kind, pipeline, champion, challenger, configured, setting, versions, pointers, canRollBack } = entry;
  const readable = versions.filter(({ problem }) => problem === null).map(({ version }) => version);
  const shown = useSignal<Shown | null>(null);
  const before = useSignal(champion ?? readable[0] ?? '');
  const after = useSignal(challenger ?? readable.find((one) => one !== before.value) ?? '');
  const [query, setQuery] = useQuery({ report: '' });
  const reported = query.report.startsWith(`${kind}/`) ? query.report.slice(kind.length + 1) : null;
  /** The button by which the report was opened: the keyboard goes back there. */
  const opener = useRef<HTMLButtonElement | null>(null);
  const change = async (path: 'promote' | 'rollback', version: string | null): Promise<void> => {
    const reason = await ask({
      title: version === null ? `Roll ${kind} back?` : `Make ${version} the champion of ${kind}?`,
      text: `It decides for the pipeline ${pipeline} once its jobs have loaded it; ${champion ?? configured} becomes the challenger.`,
      confirm: version === null ? 'Roll back' : 'Promote',
      grave: true,
      needsReason: true,
    });
    if (reason === null) return;
    try {
      const pointed = await post<PointedModel>(`/api/models/${path}`, {
        kind,
        reason,
        ...(version !== null && { version }),
        ...(champion !== null && { expect: champion }),
      });
      say(`Champion of ${kind}: ${pointed.champion}; challenger: ${pointed.challenger ?? 'none'}`);
    } catch (failed) {
      sayFailed(failed);
    }
    await onChanged();
  };
  const show = async (version: string): Promise<void> => {
    try {
      const { manifest } = await get<{ manifest: Record<string, string> }>('/api/models/version', { kind, version });
      shown.value = {
        title: `Manifest of ${version}: lineage and figures`,
        headings: ['Name', 'Value'],
        rows: Object.entries(manifest).map(([name, value]) => ({ key: name, cells: [name, short(value)] })),
      };
    } catch (failed) {
      sayFailed(failed);
    }
  };
  const compare = async (): Promise<void> => {
    try {
      const { differences } = await get<{ differences: ModelDifference[] }>('/api/models/differences', {
        kind,
        before: before.value,
        after: after.value,
      });
      shown.value = {
        title: `${before.value} against ${after.value}`,
        headings: ['Name', before.value, after.value],
        rows: differences.map((one) => ({ key: one.name, cells: [one.name, short(one.before), short(one.after)] })),
      };
    } catch (failed) {
      sayFailed(failed);
    }
  };
  return (
    <section class="model-kind" aria-label={`Models of kind ${kind}`}>
      <h2>{plain(kind).charAt(0).toUpperCase() + plain(kind).slice(1)}</h2>
      <p class="policy-now">
        Champion: <strong>{champion ?? `${configured.split('/').slice(-2).join('/')}, as ${setting} says`}</strong>.
        Challenger: <strong>{challenger ?? 'none'}</strong>. Decides for the pipeline {pipeline}.
      </p>
      {(canRollBack && may('administrator')) || readable.length > 1 ? (
        <div class="policy-actions">
          {canRollBack && may('administrator') && (
            <button type="button" onClick={() => void change('rollback', null)}>
              Roll back…
            </button>
          )}
          {readable.length > 1 && (
            <>
              {([before, after] as const).map((side, index) => (
                <select
                  key={index === 0 ? 'before' : 'after'}
                  aria-label={`${index === 0 ? 'Compare' : 'with'} version of ${kind}`}
                  value={side.value}
                  onChange={({ currentTarget }) => {
                    side.value = currentTarget.value;
                  }}
                >
                  {readable.map((version) => (
                    <option key={version} value={version}>
                      {version}
                    </option>
                  ))}
                </select>
              ))}
              <button type="button" disabled={before.value === after.value} onClick={() => void compare()}>
                Compare
              </button>
            </>
          )}
        </div>
      ) : null}
      <Table
        title={`Versions of ${plain(kind)}`}
        headings={['Version', 'Role', 'Do', 'Published', 'By', 'Signed']}
        none={`None is in the registry; ebbtide train ${kind} makes one.`}
        rows={versions.map((one) => ({
          key: one.version,
          cells: [
            one.version,
            one.problem ?? one.role,
            <span key="do" class="card-actions">
              {one.problem === null && (
                <button type="button" aria-label={`Show ${one.version}`} onClick={() => void show(one.version)}>
                  Show
                </button>
              )}
              {one.reported && (
                <button
                  type="button"
                  aria-label={`Report of ${one.version}`}
                  aria-expanded={reported === one.version}
                  onClick={({ currentTarget }) => {
                    opener.current = currentTarget;
                    setQuery({ report: reported === one.version ? '' : `${kind}/${one.version}` });
                  }}
                >
                  Report
                </button>
              )}
              {one.problem === null && one.version !== champion && may('administrator') && (
                <button
                  type="button"
                  aria-label={`Promote ${one.version}…`}
                  onClick={() => void change('promote', one.version)}
                >
                  Promote…
                </button>
              )}
            </span>,
            told(one.publishedAt),
            one.publishedBy,
            one.signed ?? 'no',
          ],
        }))}
      />
      {reported !== null && (
        <Report
          kind={kind}
          version={reported}
          lead={opener.current !== null}
          onClose={() => {
            setQuery({ report: '' });
            opener.current?.focus();
          }}
        />
      )}
      {shown.value && (
        <>
          <Table {...shown.value} none="They hold the same." />
          <button
            type="button"
            onClick={() => {
              shown.value = null;
            }}
          >
            Close
          </button>
        </>
      )}
      {pointers.length > 0 && (
        <details class="as-table">
          <summary>Who was put in force when</summary>
          <Table
            title={`Changes of ${kind}`}
            headings={['Number', 'When', 'What', 'Champion', 'Challenger', 'By', 'Reason']}
            none=""
            rows={pointers.map((one) => ({
              key: String(one.sequence),
              cells: [
                one.sequence,
                told(one.at),
                one.action,
                one.champion,
                one.challenger ?? 'none',
                one.by,
                one.reason,
              ],
            }))}
          />
        </details>
      )}
    </section>
  );
};
