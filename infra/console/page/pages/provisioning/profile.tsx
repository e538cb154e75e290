import { useLocation, useRoute } from 'preact-iso';
import type { AccessView } from '../../../../clickhouse/views/types.ts';
import { longestId, subjectPath } from '../../../view/paths.ts';
import { count, number, plain } from '../../format.ts';
import { may, me } from '../../me.ts';
import { Empty, Page } from '../../shell/page.tsx';
import { ago, clockMs, when } from '../../time.ts';
import { Table, Tiles, ViewPage } from '../../view/frame.tsx';
import { Week } from './week.tsx';

const Known = ({ user, zone, facts, week, machines, applications, jobs, transitions }: AccessView) => (
  <>
    <Tiles
      tiles={[
        {
          title: 'Days with an access',
          value: number(facts.days),
          about: `${count(facts.hours, 'hour')}, ${count(facts.sessions, 'session')}`,
        },
        {
          title: 'Usually back after',
          value: facts.medianGapH === null ? '–' : `${number(facts.medianGapH)} h`,
          about: 'median between sessions',
        },
        { title: 'Accesses', value: number(facts.accesses), about: `${number(facts.failed)} more failed` },
        {
          title: 'Last access',
          value: facts.lastAt === null ? '–' : ago(facts.lastAt, clockMs.value),
          about: facts.lastAt === null ? 'none in this time' : when(facts.lastAt),
        },
        { title: 'Addresses', value: number(facts.addresses), about: 'where they came from' },
      ]}
    />
    <Week week={week} zone={zone} />
    <Table
      title="Machines"
      about="Chance and time as foreseen when a credential was last prepared; a name leads to the decisions."
      headings={['Machine', 'State', 'Accesses', 'Hours', 'Last', 'Credential', 'Chance', 'Foreseen']}
      none="None in this time."
      rows={machines.map((one) => ({
        key: one.vm,
        cells: [
          // Where nothing was ever prepared, nothing was decided
          one.probability === null ? (
            one.vm
          ) : (
            <a key="a" href={subjectPath(`${user}/${one.vm}`)}>
              {one.vm}
            </a>
          ),
          one.state === null ? 'not told' : `${one.state} since ${when(one.since!)}`,
          number(one.accesses),
          number(one.hours),
          when(one.lastAt),
          one.stands === null ? 'none yet' : plain(one.stands),
          one.probability === null ? '–' : one.probability.toFixed(2),
          one.predictedAt === null ? '–' : when(one.predictedAt),
        ],
      }))}
    />
    <div class="view-columns">
      <Table
        title="Applications"
        about="What they log in by, and programs that they run by sudo."
        headings={['Application', 'Uses', 'Failed', 'Machines', 'Last']}
        none="No source told of one."
        rows={applications.map((one) => ({
          key: one.application,
          cells: [
            one.application,
            number(one.uses),
            number(one.failed),
            one.machines.join(', ') || '–',
            when(one.lastAt),
          ],
        }))}
      />
      <Table
        title="Scheduled jobs"
        headings={['Job', 'Machine', 'Due']}
        none="None was told of."
        rows={jobs.map((one) => ({
          key: `${one.vm} ${one.application}`,
          cells: [one.application || 'unnamed', one.vm || '–', when(one.due)],
        }))}
      />
    </div>
    <Table
      title="Changes of their machines"
      headings={['Machine', 'Became', 'At']}
      none="None was told of in this time."
      rows={transitions.map((one) => ({
        key: `${one.vm} ${one.at} ${one.state}`,
        cells: [one.vm, one.state, when(one.at)],
      }))}
    />
  </>
);

/** The profile of a user, for analysts: when, how often, by what and where they come; what predictions rest on. */
const Profile = () => {
  const { params } = useRoute();
  const { query } = useLocation();
  const user = params.user === '-' && query.user ? query.user : (params.user ?? '');
  if (me.value !== null && !may('analyst'))
    return (
      <Page title="Access profile">
        <Empty title="This needs an analyst">When somebody comes and by what is shown to analysts alone.</Empty>
      </Page>
    );
  if (user.length > longestId)
    return (
      <Page title="Access profile">
        <Empty title="That name is too long">The console looks up names of at most {longestId} characters.</Empty>
      </Page>
    );
  return (
    <ViewPage<AccessView>
      title={user}
      lead="When, how often, by what and where they come: what predictions rest on."
      path="/api/access"
      what="access"
      user={user}
    >
      {({ view }) =>
        view.facts.accesses + view.facts.failed + view.jobs.length > 0 ? (
          <Known {...view} />
        ) : (
          <Empty title="No access of theirs is known">
            In this time no collector told of a login or a scheduled job of {user}. A longer range may know some;{' '}
            <a href="/provisioning">what is prepared for whom</a>.
          </Empty>
        )
      }
    </ViewPage>
  );
};

export default Profile;
