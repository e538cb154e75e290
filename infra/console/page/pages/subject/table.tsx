import { useSignal } from '@preact/signals';
import type { Lane } from '../../../view/lane.ts';
import { clock, score } from '../../format.ts';
import { when } from '../../time.ts';
import { titleOf } from '../../words.ts';

const rows = 24;

interface Row {
  readonly at: number;
  readonly left: number | null;
  readonly score: number | null;
  readonly severity: number | null;
  readonly frequency: number | null;
  readonly deeds: string;
}

/** What the charts show, in even steps: in each the highest score, and what was decided. */
const rowsOf = (lane: Lane, traits: readonly number[], from: number, now: number): Row[] => {
  const step = Math.max(1, (now - from) / rows);
  return Array.from({ length: rows }, (_, index) => {
    const [begin, end] = [from + index * step, from + (index + 1) * step];
    let highest: number | null = null;
    for (let at = 0; at < lane.scores.length; at += 2)
      if (lane.scores[at]! >= begin && lane.scores[at]! < end && lane.scores[at + 1]! >= 0)
        highest = Math.max(highest ?? 0, lane.scores[at + 1]!);
    let [severity, frequency]: [number | null, number | null] = [null, null];
    for (let at = 0; at < traits.length; at += 3)
      if (traits[at]! >= begin && traits[at]! < end) {
        severity = Math.max(severity ?? 0, traits[at + 1]!);
        frequency = Math.max(frequency ?? 0, traits[at + 2]!);
      }
    const deeds = lane.moments.filter((moment) => moment.at >= begin && moment.at < end).map(titleOf);
    return {
      at: begin,
      left: lane.life.remainingAt(end),
      score: highest,
      severity,
      frequency,
      deeds: deeds.join(', '),
    };
  }).filter((row) => row.left !== null || row.score !== null || row.deeds !== '');
};

const figure = (value: number | null): string => (value === null ? '–' : score(value));

/** The charts as a table, for whoever does not see them or wants to copy figures. */
export const HistoryTable = ({
  lane,
  traits,
  from,
  now,
}: {
  readonly lane: Lane;
  readonly traits: readonly number[];
  readonly from: number;
  readonly now: number;
}) => {
  const open = useSignal(false);
  return (
    <details
      class="as-table"
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>As a table</summary>
      {open.value && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section class="table-frame" tabIndex={0} aria-label="Life and score, as a table">
          <table>
            <thead>
              <tr>
                {['From', 'Life left', 'Score', 'Severity', 'Frequency', 'Decisions'].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rowsOf(lane, traits, from, now).map((row) => (
                <tr key={row.at}>
                  <th scope="row">{when(row.at)}</th>
                  <td>{row.left === null ? '–' : clock(row.left)}</td>
                  <td>{figure(row.score)}</td>
                  <td>{figure(row.severity)}</td>
                  <td>{figure(row.frequency)}</td>
                  <td>{row.deeds}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
};
