import { askForecasts } from '../../../models/access/ask.ts';
import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import { type PairEvent, partsOfPair } from '../../../models/access/population.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { archiveAccesses } from '../../clickhouse/access.ts';
import { openArchive } from '../../clickhouse/client.ts';
import { openAccessModel } from '../access-model.ts';
import { addressOf } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { table } from '../terminal.ts';
import { type InstantOrAgo, instantOf } from '../values.ts';

interface Options {
  readonly since: InstantOrAgo;
  readonly at?: InstantOrAgo;
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** Pairs of others whose habits are the prior. */
const mostOthers = 200;

/** Foresee the next access of a user at each of their machines, by the model in force. */
export const run: Action<Options, [string]> = async ({ terminal, load }, { since, at, from, to }, user) => {
  if (!(from < to))
    throw new EbbtideError(
      'REQUEST_INVALID',
      'The window must end after it begins: give a longer --to, or a shorter --from',
    );
  const { config } = await load();
  const url = addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url');
  const model = await openAccessModel(config);
  const archive = openArchive({ ...config.clickhouse, url });
  try {
    const now = at ? instantOf(at, Date.now()) : Date.now();
    const hour = Math.floor(now / hourMs) * hourMs;
    const range = { fromMs: instantOf(since, now), toMs: hour };
    const source = archiveAccesses(archive);
    const known = new Set<string>();
    await source.activity(range, (pair) => known.add(pair));
    const pairs = [...known].filter((pair) => partsOfPair(pair).user === user).sort();
    if (pairs.length === 0)
      throw new EbbtideError(
        'NOT_FOUND',
        `The archive knows no access of ${user} in this time; take a longer one with --since`,
      );
    const others = [...known].filter((pair) => partsOfPair(pair).user !== user).sort();
    const events: PairEvent[] = [];
    await source.events(range, new Set([...pairs, ...others.slice(0, mostOthers)]), (event) => events.push(event));
    events.sort((a, b) => a.event.timeMs - b.event.timeMs);
    const window = [from / hourMs, to / hourMs] as const;
    const asked = await askForecasts(model.predictor, events, pairs, calendarOf(model.zone), now, window);
    const time = (hours: number): string | null =>
      Number.isFinite(hours) ? new Date(hour + hours * hourMs).toISOString().slice(0, 16) : null;
    const rows = asked.map(({ pair, expectedHours: [early, median, late], ...one }) => ({
      ...{ user, vm: partsOfPair(pair).vm, at: new Date(hour).toISOString(), model: model.version, ...one },
      ...{ early: time(early), expected: time(median), late: time(late) },
    }));
    if (terminal.json) {
      for (const row of rows) terminal.printJson(row);
      return;
    }
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    const headings = ['machine', '1 h', '24 h', 'window', 'expected', 'with 80 % between', 'and', 'by', 'helps'];
    terminal.print(`From ${new Date(hour).toISOString().slice(0, 16)} UTC on, by model ${model.version}`);
    for (const line of table(
      headings,
      rows.map((one) => [
        ...[one.vm ?? '–', percent(one.within1h), percent(one.within24h), percent(one.withinWindow)],
        ...[one.expected ?? 'later', one.early ?? 'later', one.late ?? 'later', one.basis, one.helps ? 'yes' : 'no'],
      ]),
    ))
      terminal.print(line);
  } finally {
    await model.close();
    await archive.close();
  }
};
