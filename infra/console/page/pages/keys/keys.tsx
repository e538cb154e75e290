import type { KeysView } from '../../../../clickhouse/views/types.ts';
import { subjectPath } from '../../../view/paths.ts';
import { count, duration, number } from '../../format.ts';
import { when } from '../../time.ts';
import { Bars, seriesOf } from '../../view/bars.tsx';
import { Table, Tiles, ViewPage } from '../../view/frame.tsx';
import { modalityOf } from '../../view/modalities.ts';
import { PartBar } from '../../view/partBar.tsx';

/** How long keys live, by how much their holder behaves like themselves. */
const Keys = () => (
  <ViewPage<KeysView>
    title="Key lifespans"
    lead="How long keys live, by how much their holder behaves like themselves."
    path="/api/keys"
    what="keys"
  >
    {({ from, to, view: { classes, granted, comparisons, risk, modalities, deeds, now, decisions } }) => {
      const cuts = (mode: string): number =>
        deeds.filter((one) => one.mode === mode).reduce((all, one) => all + one.decisions, 0);
      return (
        <>
          <Tiles
            tiles={[
              { title: 'In force', value: number(now.keys), about: `${number(now.ending)} end within an hour` },
              { title: 'Issued', value: number(classes.reduce((all, { keys }) => all + keys, 0)) },
              {
                title: 'Cut and re-issued',
                value: number(cuts('enforce')),
                about: `${number(cuts('shadow'))} more would be, in shadow mode`,
              },
              { title: 'Ended early', value: number(now.endedEarly), about: 'before their time' },
            ]}
          />
          <div class="view-columns">
            <Bars
              title="Keys granted, by lifespan"
              {...{ from, to }}
              series={seriesOf(
                granted,
                (one) => one.class,
                ({ keys }) => keys,
              )}
            />
            <Bars
              title="Risk of bursts of behaviour"
              about="0 to 1: how unlike their holder sessions were."
              {...{ from, to }}
              top={1}
              stacked={false}
              series={[
                { name: 'mean', points: risk.map(({ at, mean: value }) => ({ at, value })) },
                { name: 'highest', points: risk.map(({ at, highestScore: value }) => ({ at, value })) },
              ]}
            />
          </div>
          <Table
            title="What spoke for and against"
            about="At sign-ins and during sessions, by what was compared: log odds from the middle, to the left for the holder, to the right for somebody else."
            headings={['Compared', 'On the whole', 'Mean log odds', 'Spoke against', 'Comparisons', 'Keys']}
            none="No behaviour was compared in this time."
            rows={modalities.map((one) => ({
              key: one.modality,
              cells: [
                modalityOf(one.modality),
                <PartBar key="bar" logOdds={one.meanLogOdds} />,
                one.meanLogOdds.toFixed(1),
                `${Math.round(100 * one.against)} %`,
                number(one.comparisons),
                number(one.keys),
              ],
            }))}
          />
          <div class="view-columns">
            <Table
              title="Lifespans"
              headings={['Class', 'Keys', 'Shortest', 'Longest']}
              none="No key was issued in this time."
              rows={classes.map((one) => ({
                key: one.class,
                cells: [one.class, number(one.keys), duration(one.shortestMs), duration(one.longestMs)],
              }))}
            />
            <Table
              title="What gave them away"
              about="The comparison of behaviour that a cut was decided on, and its risk."
              headings={['Comparison', 'Cuts', 'Mean risk', 'Highest']}
              none="No key was cut short in this time."
              rows={comparisons.map((one) => ({
                key: one.comparison,
                cells: [one.comparison, number(one.cuts), one.meanRisk.toFixed(2), one.highestRisk.toFixed(2)],
              }))}
            />
          </div>
          <Table
            title="Latest decisions"
            about={deeds
              .map((one) => `${one.action}${one.mode === 'shadow' ? ' (shadow)' : ''} ${count(one.decisions, 'time')}`)
              .join(', ')}
            headings={['Key', 'When', 'Did', 'Life', 'Risk', 'Reason']}
            none="No key was cut short in this time."
            rows={decisions.map((one) => ({
              key: `${one.subject} ${one.at}`,
              cells: [
                <a key="a" href={subjectPath(one.subject)}>
                  {one.subject}
                </a>,
                when(one.at),
                `${one.action}${one.mode === 'shadow' ? ' (shadow)' : ''}${one.withheld ? `, withheld: ${one.withheld}` : ''}`,
                `${duration(one.oldTtlMs)} → ${one.action === 'revoke' ? 'none' : duration(one.newTtlMs)}`,
                (one.risk / 100).toFixed(2),
                one.reason,
              ],
            }))}
          />
        </>
      );
    }}
  </ViewPage>
);

export default Keys;
