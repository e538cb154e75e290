import type { ComponentChildren } from 'preact';
import type { Versioned } from '../../view/desk.ts';
import { Select } from '../list/filters.tsx';
import { Failed, Loading, Page } from '../shell/page.tsx';
import { inFull } from '../time.ts';
import { spans, useView, type Viewed } from './useView.ts';

/** A page of sums over a range of time: reads them, says when that fails, and shows them by its child. */
export const ViewPage = <T,>({
  title,
  lead,
  path,
  what,
  user,
  above,
  children,
}: {
  readonly title: string;
  readonly lead: string;
  readonly path: string;
  /** By which number the server tells that they may have changed. */
  readonly what: Versioned;
  /** Whose sums they are, where they are somebody's. */
  readonly user?: string;
  /** What stands above, whether the archive answers or not. */
  readonly above?: ComponentChildren;
  readonly children: (viewed: Viewed<T>) => ComponentChildren;
}) => {
  const { data, error, load, span, setSpan } = useView<T>(path, what, user);
  return (
    <Page
      title={title}
      lead={lead}
      actions={<Select label="Range" value={span as (typeof spans)[number][0]} options={spans} onChoose={setSpan} />}
    >
      {above}
      {error !== null && <Failed error={error} onRetry={load} />}
      {error === null && !data && <Loading what="Reading the archive" />}
      {error === null && data && children(data)}
      {error === null && data && <p class="field-about view-read">As the archive had it at {inFull(data.to)}.</p>}
    </Page>
  );
};

/** Figures in a row. */
export const Tiles = ({
  tiles,
}: {
  readonly tiles: readonly { readonly title: string; readonly value: string; readonly about?: string }[];
}) => (
  <dl class="tiles">
    {tiles.map(({ title, value, about }) => (
      <div key={title} class="tile">
        <dt>{title}</dt>
        <dd class="figure-big">{value}</dd>
        {about && <dd class="field-about">{about}</dd>}
      </div>
    ))}
  </dl>
);

/** A table under a heading; what scrolls sideways is reached by keyboard. */
export const Table = ({
  title,
  about,
  headings,
  rows,
  none,
}: {
  readonly title: string;
  readonly about?: string;
  readonly headings: readonly string[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly ComponentChildren[] }[];
  /** What is said where there is none. */
  readonly none: string;
}) => (
  <section class="view-part">
    <h2>{title}</h2>
    {about && <p class="field-about">{about}</p>}
    {rows.length === 0 ? (
      <p class="none">{none}</p>
    ) : (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
      <section class="table-frame" tabIndex={0} aria-label={title}>
        <table>
          <thead>
            <tr>
              {headings.map((heading) => (
                <th key={heading} scope="col">
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, cells: [first, ...others] }) => (
              <tr key={key}>
                <th scope="row">{first}</th>
                {others.map((cell, index) => (
                  <td key={headings[index + 1]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    )}
  </section>
);
