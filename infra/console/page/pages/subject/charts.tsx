import type { Lane } from '../../../view/lane.ts';
import { control } from '../../live.ts';
import { isApplied, isTopUp, kindOf } from '../../tide/draw/marks.ts';
import { clockMs } from '../../time.ts';
import { Chart, type Level, type Line, type Mark } from './chart.tsx';
import type { LiveSubject } from './live.ts';
import { lifeColumns, scoreColumns } from './series.ts';
import { HistoryTable } from './table.tsx';

const lifeLines: readonly Line[] = [
  { name: 'Remaining life', colour: ({ waterMid }) => waterMid, width: 2, fill: true },
];
const scoreLines: readonly Line[] = [
  { name: 'Score', colour: ({ score }) => score, width: 2 },
  { name: 'Severity', colour: ({ shorten }) => shorten, width: 1 },
  { name: 'Frequency', colour: ({ waterTop }) => waterTop, width: 1, dash: [4, 3] },
];

/** What is younger than the span fills the chart all the same. */
const beginOf = (lane: Lane, from: number, now: number): number => {
  const known = [lane.life.pairs[0], lane.scores[0], lane.moments[0]?.at].filter((at) => at !== undefined);
  const first = Math.min(now - 60_000, ...known);
  return Math.max(from, first - 0.03 * (now - first));
};

/** Its life against score, severity and frequency, on one axis of time. */
export const Charts = ({ subject, spanMs }: { readonly subject: LiveSubject; readonly spanMs: number }) => {
  void subject.version.value;
  const lane = subject.lane!;
  const now = clockMs.value;
  const from = beginOf(lane, now - spanMs, now);
  const { low, moderate, high } = control.value.thresholds;
  const levels: readonly Level[] = [
    { value: high, colour: ({ revoke }) => revoke },
    { value: moderate, colour: ({ shorten }) => shorten },
    { value: low, colour: ({ extend }) => extend },
  ];
  const marks: Mark[] = lane.moments
    .filter((moment) => !isTopUp(moment) && moment.at >= from)
    .map((moment) => {
      const kind = kindOf(moment);
      return {
        at: moment.at / 1_000,
        colour: (palette) => palette[kind === 'extend' || kind === 'shorten' || kind === 'revoke' ? kind : 'faint'],
        dashed: !isApplied(moment),
      };
    });
  const range = [from / 1_000, now / 1_000] as const;
  const life = lifeColumns(lane, from, now);
  const scores = scoreColumns(lane, subject.traits, from);
  return (
    <section class="charts" aria-label="Life and score over time">
      {life[0].length > 0 && (
        <figure>
          <figcaption>
            <span class="swatch" data-line="life" /> Remaining life
            <span class="chart-note">strokes: decisions, dashed where they were not carried out</span>
          </figcaption>
          <Chart columns={life} lines={lifeLines} marks={marks} height={170} range={range} unit="life" />
        </figure>
      )}
      <figure>
        <figcaption>
          <span class="swatch" data-line="score" /> Score
          <span class="swatch" data-line="severity" /> Severity
          <span class="swatch" data-line="frequency" /> Frequency
          <span class="chart-note">across: where the policy revokes, shortens, extends</span>
        </figcaption>
        <Chart
          columns={scores}
          lines={scoreLines}
          levels={levels}
          marks={marks}
          height={170}
          range={range}
          max={1.05}
          unit="share"
        />
      </figure>
      <HistoryTable lane={lane} traits={subject.traits} from={from} now={now} />
    </section>
  );
};
