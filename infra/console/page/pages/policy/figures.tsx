import type { PolicyPipeline, PreviewView } from '../../../view/policy.ts';
import { duration } from '../../format.ts';

interface Row {
  readonly name: string;
  readonly title: string;
  /** Whether less is better (-1), more is better (1), or neither. */
  readonly wish: -1 | 0 | 1;
}

const rowsOf: Readonly<Record<PolicyPipeline, readonly Row[]>> = {
  lifecycle: [
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
  ],
  scope: [
    { name: 'restricted', title: 'Callers restricted', wish: 0 },
    { name: 'restrictedToNarrowest', title: 'Of them, to the narrowest scope', wish: 0 },
    { name: 'narrowings', title: 'Narrowings', wish: 0 },
  ],
  keylife: [{ name: 'keyHours', title: 'Hours that keys lived, together', wish: 0 }],
  preprovision: [
    { name: 'prepared', title: 'Credentials prepared', wish: 0 },
    { name: 'hits', title: 'Hits: one lay ready', wish: 1 },
    { name: 'misses', title: 'Misses: none lay ready', wish: -1 },
    { name: 'hitRatePercent', title: 'Hit rate, %', wish: 1 },
    { name: 'wasted', title: 'Prepared for nobody', wish: -1 },
    { name: 'unusedMinutes', title: 'Minutes that they lay unused', wish: -1 },
    { name: 'unusedMinutesPerHit', title: 'Minutes unused for each hit', wish: -1 },
    { name: 'withheld', title: 'Held back by risk, machine or budget', wish: 0 },
  ],
};

const figure = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
/** A figure as people read it. */
export const text = (value: number | undefined): string => (value === undefined ? '–' : figure.format(value));
const againstName = (name: string): string => `against${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const Line = ({
  title,
  before,
  after,
  wish,
}: Pick<Row, 'title' | 'wish'> & { readonly before: number | undefined; readonly after: number | undefined }) => {
  const exact = before === undefined || after === undefined ? 0 : after - before;
  // What rounds to nothing is nothing
  const change = text(Math.abs(exact)) === '0' ? 0 : exact;
  const better = change === 0 || wish === 0 ? null : Math.sign(change) === wish;
  return (
    <tr>
      <th scope="row">{title}</th>
      <td>{text(before)}</td>
      <td>{text(after)}</td>
      <td data-better={better ?? undefined}>
        {change === 0 ? '–' : `${change > 0 ? '+' : '−'}${text(Math.abs(change))}`}
        {better !== null && <span class="hidden">{better ? ', better' : ', worse'}</span>}
      </td>
    </tr>
  );
};

/** Figures of the policy in force and of the draft. */
export const Figures = ({ pipeline, figures, lives }: Pick<PreviewView, 'pipeline' | 'figures' | 'lives'>) => (
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
      {lives.map(({ lifeMs, draft, inForce }) => (
        <Line key={lifeMs} title={`Keys of ${duration(lifeMs)}`} before={inForce} after={draft} wish={0} />
      ))}
      {rowsOf[pipeline].map(({ name, title, wish }) => (
        <Line key={name} title={title} before={figures[againstName(name)]} after={figures[name]} wish={wish} />
      ))}
    </tbody>
  </table>
);
