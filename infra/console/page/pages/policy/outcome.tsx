import { profilePath, subjectPath } from '../../../view/paths.ts';
import type { PolicyDeed, PolicyPipeline, PreviewView } from '../../../view/policy.ts';
import { count, duration } from '../../format.ts';
import { inFull, when } from '../../time.ts';
import { Courses } from './courses.tsx';
import { Figures, text } from './figures.tsx';
import { Users } from './users.tsx';

type Numbers = PreviewView['figures'];

/** How an outcome is told: what the number of those that differ is of, what was looked at, and what the list is of. */
interface Telling {
  readonly differing: string;
  readonly of: (figures: Numbers) => string;
  readonly seen: (figures: Numbers) => string;
  readonly again: string;
  readonly list: string;
  readonly most: string;
}

const tellings: Readonly<Record<PolicyPipeline, Telling>> = {
  lifecycle: {
    differing: 'differingDecisions',
    of: (figures) =>
      `${figures.differingDecisions === 1 ? 'decision' : 'decisions'} of ${text(figures.againstDecisions)} would have differed, for ${count(figures.differingSubjects ?? 0, 'subject')}`,
    seen: ({ samples }) => `${text(samples)} samples`,
    again: 'decided again by the live chain',
    list: 'Decisions that differ',
    most: 'The latest',
  },
  scope: {
    differing: 'differingSubjects',
    of: ({ callers }) => `of ${count(callers ?? 0, 'caller')} would have come to another scope`,
    seen: ({ calls }) => `${text(calls)} calls`,
    again: 'decided again by the live chain',
    list: 'Callers that differ',
    most: 'The riskiest',
  },
  keylife: {
    differing: 'differingKeys',
    of: ({ keys, differingSubjects, people }) =>
      `of ${count(keys ?? 0, 'key')} would have lived for another time, of ${text(differingSubjects)} of ${text(people)} people`,
    seen: ({ keys }) => count(keys ?? 0, 'key'),
    again: 'granted again by the rule of the key host',
    list: 'People whose keys differ, by pseudonym',
    most: 'Those with most such keys:',
  },
  preprovision: {
    differing: 'differingDecisions',
    of: ({ differingDecisions, decisions, againstDecisions, differingSubjects, users }) =>
      `${differingDecisions === 1 ? 'decision' : 'decisions'} would have differed, for ${text(differingSubjects)} of ${count(users ?? 0, 'user')}: ${text(againstDecisions)} in force, ${text(decisions)} by the draft`,
    seen: ({ visits, accesses }) => `${count(visits ?? 0, 'visit')} (${text(accesses)} accesses)`,
    again: 'decided again by the pipeline’s own chain',
    list: 'Decisions that differ',
    most: 'The latest',
  },
};

const did = (deed: PolicyDeed | null): string => {
  if (!deed) return 'nothing';
  if (deed.newScope !== '') return deed.newScope;
  if (deed.action === 'grant') return duration(deed.newTtlMs);
  if (deed.action === 'prepare')
    return deed.withheld ? `withheld: ${deed.withheld}` : `prepare for ${duration(deed.newTtlMs)}`;
  const what = deed.action === 'revoke' ? 'revoke' : `${deed.action} to ${duration(deed.newTtlMs)}`;
  return deed.withheld ? `${what}, withheld` : what;
};

/** How many would have differed, for whoever listens. */
export const differingOf = ({ pipeline, figures }: PreviewView): number => figures[tellings[pipeline].differing] ?? 0;

/** What a draft would have done: figures, courses of TTLs, and what differs. */
export const Outcome = ({ outcome }: { readonly outcome: PreviewView }) => {
  const { pipeline, figures, lives, users, differences, courses, span, from, to, warnings } = outcome;
  const told = tellings[pipeline];
  const differing = differingOf(outcome);
  const pageOf = pipeline === 'preprovision' ? profilePath : subjectPath;
  const listed = pipeline === 'keylife' ? (figures.differingSubjects ?? 0) : differing;
  return (
    <>
      <p class="outcome-sum">
        <span class="figure-big">{text(differing)}</span> {told.of(figures)}
      </p>
      <p class="field-about">
        {told.seen(figures)}, {inFull(span.from || from)} to {inFull(span.to || to)}, {told.again}.
        {(figures.missingMessages ?? 0) > 0 && ` ${text(figures.missingMessages)} messages are not in the archive.`}
      </p>
      {warnings.map((warning) => (
        <p key={warning} class="field-about">
          {warning}
        </p>
      ))}
      <div class="table-frame">
        <Figures {...{ pipeline, figures, lives }} />
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
      {users.length > 0 && <Users users={users} all={figures.users ?? 0} />}
      {differences.length > 0 && (
        <section>
          <h3>{told.list}</h3>
          <ul class="plain-list differences">
            {differences.map(({ subject, name, at, draft, inForce }) => (
              <li key={`${name} ${at}`}>
                <a href={pageOf(subject)} class={pipeline === 'keylife' ? 'mono' : undefined}>
                  {name}
                </a>{' '}
                <time class="related-of">{when(at)}</time>
                <br />
                {did(inForce)} → <strong>{did(draft)}</strong>
                {(draft?.action === 'grant' || pipeline === 'preprovision') && (
                  <span class="related-of"> {(draft ?? inForce)?.reason}</span>
                )}
              </li>
            ))}
          </ul>
          {listed > differences.length && (
            <p class="field-about">
              {told.most} {differences.length} of them.
            </p>
          )}
        </section>
      )}
    </>
  );
};
