import type { ProvisioningView } from '../../../../clickhouse/views/types.ts';
import { profilePath } from '../../../view/paths.ts';
import { clock, number, plain } from '../../format.ts';
import { may } from '../../me.ts';
import { clockMs, when } from '../../time.ts';
import { Bars } from '../../view/bars.tsx';
import { Table, Tiles, ViewPage } from '../../view/frame.tsx';

const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(1)}\u00a0%`);
const amount = (value: number | null, unit: string): string => (value === null ? '–' : `${number(value)}\u00a0${unit}`);

/** A user's name; it leads those to the profile who may see it. */
const User = ({ name }: { name: string }) => (may('analyst') ? <a href={profilePath(name)}>{name}</a> : name);

/** What is prepared before it is asked for: what that saves, and what it costs. */
const Provisioning = () => (
  <ViewPage<ProvisioningView>
    title="Provisioning"
    lead="Credentials prepared before they are asked for: what that saves, and what it costs."
    path="/api/provisioning"
    what="provisioning"
  >
    {({ from, to, view: { reports, states, pairs, requests, exposure } }) => {
      const [all, ...users] = reports;
      const inState = (state: string): number => states.find((one) => one.state === state)?.pairs ?? 0;
      return (
        <>
          <Tiles
            tiles={[
              {
                title: 'Hit rate',
                value: percent(all?.hitRate ?? null),
                about: `${number(all?.hits ?? 0)} of ${number(all?.requests ?? 0)} requests found it ready`,
              },
              { title: 'Ready now', value: number(inState('preProvisioned')), about: 'pairs of user and machine' },
              {
                title: 'Prepared',
                value: number(all?.prepared ?? 0),
                about: `${number(all?.wasted ?? 0)} of them wasted`,
              },
              {
                title: 'Exposure',
                value: amount(all?.secretMinutes ?? 0, 'min'),
                about: `${amount(all?.wastedSecretMinutes ?? 0, 'min')} of secrets that nobody has asked for`,
              },
              {
                title: 'Waiting saved',
                value: amount(all?.waitingSavedS ?? null, 's'),
                about: all?.generateMs
                  ? `hand-over ${amount(all.handOverMs, 'ms')}, on demand ${amount(all.generateMs, 'ms')}`
                  : 'none was made on demand to compare with',
              },
            ]}
          />
          <div class="view-columns">
            <Bars
              title="Requests"
              about="Credentials that were asked for, by how they came."
              {...{ from, to }}
              series={[
                { name: 'handed over', points: requests.map(({ stepAt: at, hits: value }) => ({ at, value })) },
                {
                  name: 'made on demand',
                  points: requests.map(({ stepAt: at, requests: n, hits }) => ({ at, value: n - hits })),
                },
              ]}
            />
            <Bars
              title="Exposure, minutes"
              about="How long prepared secrets lay, by when they were made."
              {...{ from, to }}
              series={[
                { name: 'used', points: exposure.map(({ at, usedMinutes: value }) => ({ at, value })) },
                { name: 'not asked for', points: exposure.map(({ at, wastedMinutes: value }) => ({ at, value })) },
              ]}
            />
          </div>
          <Table
            title="Pairs of user and machine"
            about={states.map(({ state, pairs: n }) => `${plain(state)} ${n}`).join(', ')}
            headings={['User', 'Machine', 'Stands', 'Chance', 'Risk', 'Due', 'Ends in', 'Since']}
            none="Nothing was prepared or asked for yet."
            rows={pairs.map((one) => ({
              key: `${one.user} ${one.vm}`,
              cells: [
                <User key="a" name={one.user} />,
                one.vm,
                plain(one.state),
                one.probability > 0 ? one.probability.toFixed(2) : '–',
                Math.round(one.risk),
                one.predictedAt === null ? '–' : when(one.predictedAt),
                one.state === 'preProvisioned' && one.expiresAt !== null ? clock(one.expiresAt - clockMs.value) : '–',
                when(one.at),
              ],
            }))}
          />
          <Table
            title="Users"
            headings={['User', 'Requests', 'Hit rate', 'Prepared', 'Wasted', 'Exposure', 'Saved']}
            none="Nobody asked for anything in this time."
            rows={users.map((one) => ({
              key: one.user ?? '',
              cells: [
                <User key="a" name={one.user ?? ''} />,
                number(one.requests),
                percent(one.hitRate),
                number(one.prepared),
                number(one.wasted),
                amount(one.secretMinutes, 'min'),
                amount(one.waitingSavedS, 's'),
              ],
            }))}
          />
        </>
      );
    }}
  </ViewPage>
);

export default Provisioning;
