import { openArchive } from '../../clickhouse/client.ts';
import { accessView } from '../../clickhouse/views/access.ts';
import type { AccessView } from '../../clickhouse/views/types.ts';
import { addressOf } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { table } from '../terminal.ts';
import { type InstantOrAgo, instantOf } from '../values.ts';

interface Options {
  readonly since: InstantOrAgo;
  readonly until?: InstantOrAgo;
}

const time = (at: number | null): string => (at === null ? '–' : new Date(at).toISOString().slice(0, 16));
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** A week as text: a digit for each hour that had accesses, in tenths of the hour that had most, a dot for each without. */
const weekLines = ({ week }: AccessView): string[] => {
  const most = Math.max(...week.map(({ active }) => active));
  return weekdays.map((day, at) => {
    const cells = Array.from({ length: 24 }, (_, hour) => {
      const active = week.find((one) => one.weekday === at + 1 && one.hour === hour)?.active ?? 0;
      return active === 0 ? '.' : String(Math.min(9, Math.ceil((10 * active) / most)));
    });
    return `${day}  ${[0, 6, 12, 18].map((from) => cells.slice(from, from + 6).join('')).join(' ')}`;
  });
};

const listed: typeof table = (headings, rows) => (rows.length > 0 ? table(headings, rows) : []);

const linesOf = (view: AccessView): string[] => {
  const { facts, zone } = view;
  const gap = facts.medianGapH === null ? '' : `, usually ${facts.medianGapH.toFixed(1)} h apart`;
  const sections: (readonly [string, readonly string[]])[] = [
    [`Hours of the week, ${zone}`, view.week.length > 0 ? weekLines(view) : []],
    [
      'Machines',
      listed(
        ['machine', 'state', 'accesses', 'hours', 'last', 'credential', 'chance', 'foreseen'],
        view.machines.map((one) => [
          ...[one.vm, one.state ?? '–', one.accesses, one.hours, time(one.lastAt), one.stands ?? '–'],
          ...[one.probability?.toFixed(2) ?? '–', time(one.predictedAt)],
        ]),
      ),
    ],
    [
      'Applications',
      listed(
        ['application', 'uses', 'failed', 'machines', 'last'],
        view.applications.map((one) => [
          ...[one.application, one.uses, one.failed, one.machines.join(', '), time(one.lastAt)],
        ]),
      ),
    ],
    [
      'Scheduled jobs',
      listed(
        ['job', 'machine', 'due'],
        view.jobs.map(({ application, vm, due }) => [application, vm, time(due)]),
      ),
    ],
    [
      'Changes of their machines',
      listed(
        ['machine', 'became', 'at'],
        view.transitions.map(({ vm, state, at }) => [vm, state, time(at)]),
      ),
    ],
  ];
  return [
    `${view.user}: ${facts.accesses} accesses (${facts.failed} more failed) in ${facts.hours} hours of ${facts.days} days, ${facts.sessions} sessions${gap}`,
    `From ${facts.addresses} addresses; first ${time(facts.firstAt)}, last ${time(facts.lastAt)}`,
    ...sections.flatMap(([title, lines]) => ['', title, ...(lines.length > 0 ? lines : ['none'])]),
  ];
};

/** Show the access profile of a user. */
export const run: Action<Options, [string]> = async ({ terminal, load }, { since, until }, user) => {
  const { config } = await load();
  const url = addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url');
  const archive = openArchive({ ...config.clickhouse, url });
  try {
    const now = Date.now();
    const [from, to] = [instantOf(since, now), until ? instantOf(until, now) : now];
    const view = await accessView(archive, user, from, to, config.policy.preprovision.timeZone);
    if (terminal.json) terminal.printJson(view);
    else for (const line of linesOf(view)) terminal.print(line);
  } finally {
    await archive.close();
  }
};
