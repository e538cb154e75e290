import type { ScopeView } from '../../../../clickhouse/views/types.ts';
import { subjectPath } from '../../../view/paths.ts';
import { clock, number } from '../../format.ts';
import { clockMs, when } from '../../time.ts';
import { Bars } from '../../view/bars.tsx';
import { Table, Tiles, ViewPage } from '../../view/frame.tsx';

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const Risk = ({ value }: { readonly value: number }) => (
  <span class="risk" style={{ '--share': value / 100 }}>
    {Math.round(value)}
  </span>
);

/** What callers of the gateway may do, what was refused to them, and why. */
const Scope = () => (
  <ViewPage<ScopeView>
    title="Scope"
    lead="What callers may do, what was refused to them, and why."
    path="/api/scope"
    what="scope"
  >
    {({ from, to, view: { callers, overrides, overTime, services, decisions } }) => {
      const [calls, refused] = [sum(overTime.map((one) => one.allCalls)), sum(overTime.map((one) => one.refused))];
      const enforced = overrides.filter(({ mode }) => mode === 'enforce').length;
      return (
        <>
          <Tiles
            tiles={[
              { title: 'Calls', value: number(calls) },
              {
                title: 'Blocked',
                value: number(refused),
                about: calls > 0 ? `${((100 * refused) / calls).toFixed(2)} % of all` : '',
              },
              { title: 'Narrowed now', value: number(enforced) },
              { title: 'Would be narrowed', value: number(overrides.length - enforced), about: 'in shadow mode' },
            ]}
          />
          <Bars
            title="Blocked requests over time"
            {...{ from, to }}
            series={[{ name: 'blocked', points: overTime.map(({ at, refused: value }) => ({ at, value })) }]}
          />
          <Table
            title="Callers by risk"
            about="The scope at each service is that under which the last call there was decided."
            headings={['Caller', 'Risk', 'Highest', 'Blocked', 'Effective scope', 'Last assessed']}
            none="No caller was assessed or refused in this time."
            rows={callers.map((caller) => ({
              key: caller.subject,
              cells: [
                <a key="a" href={subjectPath(caller.subject)}>
                  {caller.subject}
                </a>,
                <Risk key="r" value={caller.lastRisk} />,
                Math.round(caller.highestRisk),
                number(caller.refused),
                caller.services.map(({ service, scope }) => `${service}: ${scope || 'none'}`).join(', ') || '–',
                caller.seenAt === null ? '–' : when(caller.seenAt),
              ],
            }))}
          />
          <Table
            title="Overrides in force"
            headings={['Caller', 'Scope', 'Service', 'Mode', 'Risk', 'Ends in', 'Reasons']}
            none="Nobody’s scope is narrowed."
            rows={overrides.map((one) => ({
              key: one.subject,
              cells: [
                <a key="a" href={subjectPath(one.subject)}>
                  {one.subject}
                </a>,
                one.scope,
                one.service ?? 'all',
                one.mode,
                Math.round(one.risk),
                one.expiresAt === null ? 'stays' : clock(one.expiresAt - clockMs.value),
                one.reasons.join('; '),
              ],
            }))}
          />
          <Table
            title="Services"
            headings={['Service', 'Scope', 'Calls', 'Blocked']}
            none="No call in this time."
            rows={services.map((one) => ({
              key: `${one.service} ${one.scope}`,
              cells: [one.service, one.scope || 'none', number(one.allCalls), number(one.refused)],
            }))}
          />
          <Table
            title="Latest decisions"
            headings={['Caller', 'When', 'Did', 'Scope', 'Risk', 'Reason']}
            none="Nothing was narrowed or widened in this time."
            rows={decisions.map((one) => ({
              key: `${one.subject} ${one.at}`,
              cells: [
                <a key="a" href={subjectPath(one.subject)}>
                  {one.subject}
                </a>,
                when(one.at),
                `${one.action}${one.mode === 'shadow' ? ' (shadow)' : ''}${one.withheld ? `, withheld: ${one.withheld}` : ''}`,
                `${one.oldScope || '–'} → ${one.newScope || '–'}`,
                Math.round(one.risk),
                one.reason,
              ],
            }))}
          />
        </>
      );
    }}
  </ViewPage>
);

export default Scope;
