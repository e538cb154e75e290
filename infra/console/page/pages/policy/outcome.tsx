import { subjectPath } from '../../../view/paths.ts';
import type { PolicyDeed, PreviewView } from '../../../view/policy.ts';
import { count, duration } from '../../format.ts';
import { inFull, when } from '../../time.ts';
import { Courses } from './courses.tsx';

interface Row {
  readonly name: string;
  readonly title: string;
  /** Whether less is better (-1), more is better (1), or neither. */
  readonly wish: -1 | 0 | 1;
}

const rows: readonly Row[] = [
  { name: 'revocations', title: 'Revocations', wish: 0 },
  { name: 'falseRevocations', title: 'False revocations, by labels', wish: -1 },
  { name: 'trueRevocations', title: 'True revocations, by labels', wish: 1 },
  { name: 'missedMalicious', title: 'Malicious subjects missed', wish: -1 },
  { name: 'shortenings', title: 'Shortenings', wish: 0 },
  { name: 'extensions', title: 'Extensions', wish: 0 },
  { name: 'ttlHoursBenign', title: 'TTL hours, benign', wish: 1 },
  { name: 'ttlHoursMalicious', title: 'TTL hours, malicious', wish: -1 },
  { name: 'ttlHoursUnlabelled', title: 'TTL hours, unlabelled', wish: 0 },
  { name: 'medianTimeToRevokeS', title: 'Median time to revoke, s', wish: -1 },
  { name: 'alertsPerDay', title: 'Alerts a day', wish: -1 },
  { name: 'analystItemsPerDay', title: 'Analysts’ items a day', wish: -1 },
];

const scopeRows: readonly Row[] = [
  { name: 'restricted', title: 'Callers restricted', wish: 0 },
  { name: 'restrictedToNarrowest', title: 'Of them, to the narrowest scope', wish: 0 },
  { name: 'narrowings', title: 'Narrowings', wish: 0 },
];

const figure = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const text = (value: number | undefined): string => (value === undefined ? '–' : figure.format(value));
const againstName = (name: string): string => `against${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const Figures = ({ figures }: Pick<PreviewView, 'figures'>) => (
  <table class="figures-table">
    <thead>
      <tr>
        <th scope="col">Figure</th>
        <th scope="col">In force</th>
        <th scope="col">Draft</th>
        <th scope="col">Change</th>
      </tr>
    </thead>
    <tbody>
      {(figures.callers === undefined ? rows : scopeRows).map(({ name, title, wish }) => {
        const [before, after] = [figures[againstName(name)], figures[name]];
        const change = before === undefined || after === undefined ? undefined : after - before;
        const better = change === undefined || change === 0 || wish === 0 ? null : Math.sign(change) === wish;
        return (
          <tr key={name}>
            <th scope="row">{title}</th>
            <td>{text(before)}</td>
            <td>{text(after)}</td>
            <td data-better={better ?? undefined}>
              {change === undefined || change === 0 ? '–' : `${change > 0 ? '+' : '−'}${text(Math.abs(change))}`}
              {better !== null && <span class="hidden">{better ? ', better' : ', worse'}</span>}
            </td>
          </tr>
        );
      })}
    </tbody>
  </table>
);

const did = (deed: PolicyDeed | null): string => {
  if (!deed) return 'nothing';
  if (deed.newScope !== '') return deed.newScope;
  const what = deed.action === 'revoke' ? 'revoke' : `${deed.action} to ${duration(deed.newTtlMs)}`;
  return deed.withheld ? `${what}, withheld` : what;
};

/** What a draft would have done: figures, courses of TTLs, and the decisions that differ. */
export const Outcome = ({ outcome }: { readonly outcome: PreviewView }) => {
  const { figures, differences, courses, span, from, to, warnings } = outcome;
  const ofScope = figures.callers !== undefined;
  const differing = (ofScope ? figures.differingSubjects : figures.differingDecisions) ?? 0;
  return (
    <>
      <p class="outcome-sum">
        <span class="figure-big">{text(differing)}</span>{' '}
        {ofScope
          ? `of ${count(figures.callers ?? 0, 'caller')} would have come to another scope`
          : `${differing === 1 ? 'decision' : 'decisions'} of ${text(figures.againstDecisions)} would have differed, for ${count(figures.differingSubjects ?? 0, 'subject')}`}
      </p>
      <p class="field-about">
        {ofScope ? `${text(figures.calls)} calls` : `${text(figures.samples)} samples`}, {inFull(span.from || from)} to{' '}
        {inFull(span.to || to)}, decided again by the live chain.
        {(figures.missingMessages ?? 0) > 0 && ` ${text(figures.missingMessages)} messages are not in the archive.`}
      </p>
      {warnings.map((warning) => (
        <p key={warning} class="field-about">
          {warning}
        </p>
      ))}
      <div class="table-frame">
        <Figures figures={figures} />
      </div>
      {differing > 0 && courses.length > 0 && (
        <section>
          <h3>TTL over time</h3>
          <p class="field-about">
            <span class="course-key" data-line="before" /> in force <span class="course-key" data-line="draft" /> draft
          </p>
          <Courses courses={courses} span={span} />
        </section>
      )}
      {differences.length > 0 && (
        <section>
          <h3>{ofScope ? 'Callers that differ' : 'Decisions that differ'}</h3>
          <ul class="plain-list differences">
            {differences.map(({ subject, at, draft, inForce }) => (
              <li key={`${subject} ${at}`}>
                <a href={subjectPath(subject)}>{subject}</a> <time class="related-of">{when(at)}</time>
                <br />
                {did(inForce)} → <strong>{did(draft)}</strong>
              </li>
            ))}
          </ul>
          {differing > differences.length && <p class="field-about">The latest {differences.length} of them.</p>}
        </section>
      )}
    </>
  );
};
