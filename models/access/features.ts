import { sha256 } from '../hash.ts';
import { type Calendar, hourMs } from './calendar.ts';
import { chanceOfCell, recencyHazard } from './chances.ts';
import { everybodyLayout as all } from './everybody.ts';
import { activeHours, cellOf, historyLayout as own, recencyBin, recencyBins, vmStates, wasActive } from './history.ts';

/** What a feature is computed from: closed hours only. */
interface Moment {
  readonly state: Float32Array;
  readonly shared: Float32Array;
  readonly hour: number;
  readonly localHour: number;
  readonly weekday: number;
  readonly weekendTomorrow: boolean;
  /** Cells of the histograms for this hour and the next 23. */
  readonly cells: readonly number[];
}

/** One number that the access model sees, and how it comes about. */
export interface AccessFeature {
  readonly name: string;
  readonly unit: string;
  readonly transform: string;
  readonly of: (moment: Moment) => number;
}

const feature = (name: string, unit: string, transform: string, of: AccessFeature['of']): AccessFeature => ({
  name,
  unit,
  transform,
  of,
});

const unknownHours = 336;
const log1p = (value: number): number => Math.log1p(Math.max(0, value));

const sinceLast = ({ state, hour }: Moment): number =>
  state[own.last] === 0 ? unknownHours : hour - state[own.last]! - state[own.lastSecond]! / 3600;
const sinceEnd = ({ state, hour }: Moment): number =>
  state[own.end] === 0 ? unknownHours : hour - state[own.end]! - state[own.endSecond]! / 3600;
const lagOf = ({ state, hour }: Moment): number => (state[own.last] === 0 ? unknownHours : hour - state[own.last]!);

const days = ({ state }: Moment, count: number): number => {
  let active = 0;
  for (let day = 0; day < count; day++) {
    let any = 0;
    for (let lag = day * 24 + 1; lag <= day * 24 + 24 && any === 0; lag++) any = wasActive(state, lag);
    active += any;
  }
  return active;
};

const startsAt = (state: Float32Array, lag: number): number =>
  wasActive(state, lag) === 1 && wasActive(state, lag + 1) === 0 ? 1 : 0;

const startsWithin = (state: Float32Array, from: number, to: number): number => {
  let count = 0;
  for (let lag = from; lag <= to; lag++) count += startsAt(state, lag);
  return count;
};

const nearThisHour = (state: Float32Array, fromDay: number, toDay: number, reach: number, of = startsAt): number => {
  let count = 0;
  for (let day = fromDay; day <= toDay; day++)
    for (let shift = -reach; shift <= reach; shift++) count += of(state, day * 24 + shift);
  return count;
};

/** Hours since four in the morning, when hardly anybody begins a day. */
const dayHours = ({ localHour }: Moment): number => (localHour + 20) % 24;

/** Chance of an access within some hours, by the days on which so far there was none, or some, as today. */
const likeToday = (m: Moment, ahead: number): number => {
  const { state, hour } = m;
  const past = dayHours(m);
  const anyIn = (from: number, to: number): number => {
    for (let lag = from; lag <= to; lag++) if (wasActive(state, lag) === 1) return 1;
    return 0;
  };
  const today = anyIn(1, past);
  let [days, came] = [0, 0];
  for (let day = 1; day <= 13 && hour - state[own.first]! >= 24 * day; day++) {
    if (anyIn(24 * day + 1, 24 * day + past) !== today) continue;
    days++;
    came += anyIn(24 * day - ahead + 1, 24 * day);
  }
  return (came + 0.1 * ahead) / (days + 2);
};

const share = ({ shared }: Moment, hours: number): number => {
  let sum = 0;
  for (let i = 0; i < hours; i++) sum += shared[all.shares + i]!;
  return sum / hours;
};

const activeIn = [1, 2, 3, 6, 12, 24, 48, 168, 336] as const;
const lags = [23, 24, 25, 48, 167, 168, 169] as const;

/** Inputs of the access model, of one pair at the beginning of an hour. */
export const accessFeatureList: readonly AccessFeature[] = [
  feature('hourSin', 'rad', 'sine of the local hour of the day', (m) => Math.sin((m.localHour / 12) * Math.PI)),
  feature('hourCos', 'rad', 'cosine of the local hour of the day', (m) => Math.cos((m.localHour / 12) * Math.PI)),
  feature('hour', 'h', 'local hour of the day', (m) => m.localHour),
  feature('weekday', 'd', 'local day of the week, Monday is 0', (m) => (m.weekday + 6) % 7),
  feature('weekend', '1', '1 on Saturday and Sunday', (m) => (m.weekday % 6 === 0 ? 1 : 0)),
  feature('weekendTomorrow', '1', '1 if it is weekend in 24 h', (m) => (m.weekendTomorrow ? 1 : 0)),
  feature('hoursSince', 'h', 'ln(1 + whole hours since the last access)', (m) => log1p(lagOf(m))),
  feature('minutesSince', 'min', 'ln(1 + minutes since the last access)', (m) => log1p(60 * sinceLast(m))),
  ...activeIn.map((hours) =>
    feature(`active${hours}h`, 'h', `active hours in the past ${hours} h`, (m) => activeHours(m.state, hours)),
  ),
  feature('accesses1h', '1', 'ln(1 + accesses in the past hour)', (m) => log1p(m.state[own.counts]!)),
  feature('accesses24h', '1', 'ln(1 + accesses in the past 24 h)', ({ state }) => {
    let sum = 0;
    for (let i = 0; i < 24; i++) sum += state[own.counts + i]!;
    return log1p(sum);
  }),
  ...lags.map((lag) => feature(`lag${lag}h`, '1', `active ${lag} h before this hour`, (m) => wasActive(m.state, lag))),
  feature('days7', 'd', 'active days among the past 7', (m) => days(m, 7)),
  feature('days14', 'd', 'active days among the past 14', (m) => days(m, 14)),
  feature('starts24h', '1', 'active hours after one without, past 24 h', (m) => startsWithin(m.state, 1, 24)),
  feature('starts168h', '1', 'active hours after one without, past 168 h', (m) => startsWithin(m.state, 1, 168)),
  feature('startsNear', '1', 'of them within 1 h of this hour of the day, past 7 days', (m) =>
    nearThisHour(m.state, 1, 7, 1),
  ),
  feature('startsNear14', '1', 'of them within 1 h of this hour of the day, past 13 days', (m) =>
    nearThisHour(m.state, 1, 13, 1),
  ),
  feature('activeNear', 'h', 'active hours within 2 h of this hour of the day, past 7 days', (m) =>
    nearThisHour(m.state, 1, 7, 2, wasActive),
  ),
  feature('hourChance', '1', 'decayed chance of this hour by hour and weekend', (m) =>
    chanceOfCell(m, m.cells[0]!, 'activeIn', 2),
  ),
  feature('startChance', '1', 'the same of a start', (m) => chanceOfCell(m, m.cells[0]!, 'startsIn', 2)),
  feature('dayChance', '1', 'chance of 24 h by the decayed chances of its hours', (m) => {
    let none = 1;
    for (const cell of m.cells) none *= 1 - Math.min(0.99, chanceOfCell(m, cell, 'startsIn', 2));
    return 1 - none;
  }),
  feature('fewHoursChance', '1', 'chance of 4 h by the decayed chances of its hours', (m) => {
    let none = 1;
    for (const cell of m.cells.slice(0, 4)) none *= 1 - Math.min(0.99, chanceOfCell(m, cell, 'startsIn', 2));
    return 1 - none;
  }),
  feature(
    'everybodysStart',
    '1',
    'decayed chance of a start of everybody at this hour',
    ({ shared, cells: [cell] }) => {
      const at = cell!;
      return (shared[all.startsIn + at]! + 0.05) / (shared[all.seenIn + at]! + 1);
    },
  ),
  feature('recencyHazard', '1', 'chance by hours since the last access, shrunk to everybody', (m) =>
    recencyHazard(m, lagOf(m)),
  ),
  feature('recencyHazard3', '1', 'the same over 3 h', (m) => {
    const lag = lagOf(m);
    return 1 - (1 - recencyHazard(m, lag)) * (1 - recencyHazard(m, lag + 1)) * (1 - recencyHazard(m, lag + 2));
  }),
  feature(
    'rate',
    '1',
    'active hours over hours since the first, as one begins with 5 of 100',
    ({ state, hour }) => (state[own.active]! + 5) / (hour - (state[own.first]! || hour) + 100),
  ),
  feature('known', 'h', 'ln(1 + hours since the first access)', ({ state, hour }) =>
    log1p(state[own.first] === 0 ? 0 : hour - state[own.first]!),
  ),
  ...[1, 3, 24, 168].map((hours) =>
    feature(`everybody${hours}h`, '1', `mean share of pairs active an hour, past ${hours} h`, (m) => share(m, hours)),
  ),
  feature('running', '1', 'ln(1 + sessions and jobs that run)', (m) => log1p(m.state[own.running]!)),
  feature('hoursSinceEnd', 'h', 'ln(1 + hours since one ended)', (m) => log1p(sinceEnd(m))),
  feature('sessionHours', 'h', 'ln(1 + hours from the beginning of the last session to its last access)', ({ state }) =>
    log1p(
      state[own.last]! - state[own.sessionStart]! + (state[own.lastSecond]! - state[own.sessionStartSecond]!) / 3600,
    ),
  ),
  feature('sessionAccesses', '1', 'ln(1 + accesses of the last session)', (m) => log1p(m.state[own.sessionAccesses]!)),
  feature('lastGap', 'h', 'ln(1 + hours without access before the last session)', (m) => log1p(m.state[own.gaps]!)),
  feature('medianGap', 'h', 'ln(1 + median of the last five such gaps)', ({ state }) => {
    const sorted = state.slice(own.gaps, own.gaps + 5).sort();
    return log1p(sorted[2]!);
  }),
  feature('sinceToGap', '1', 'hours since the last access over that median, at most 10', (m) => {
    const sorted = m.state.slice(own.gaps, own.gaps + 5).sort();
    return Math.min(10, sinceLast(m) / Math.max(1, sorted[2]!));
  }),
  feature('today', 'h', 'active hours since 4 h local time', (m) => activeHours(m.state, dayHours(m))),
  feature('likeToday', '1', 'chance of this hour on days as active as today up to it, past 13 days', (m) =>
    likeToday(m, 1),
  ),
  feature('likeToday4', '1', 'the same of 4 h', (m) => likeToday(m, 4)),
  feature(
    'recentStarts',
    '1',
    'chance of a start at this hour of the day, half-life 3 days',
    ({ state, localHour }) => {
      const [starts, seen] = [state[own.recentStarts + localHour]!, state[own.recentSeen + localHour]!];
      return (starts + 0.05) / (seen + 1);
    },
  ),
  feature('everybodysBoth', '1', 'everybody’s chance by this hour, weekend and recency together', (m) => {
    const at = m.cells[0]! * recencyBins + recencyBin(lagOf(m));
    return (m.shared[all.activeBoth + at]! + 0.5) / (m.shared[all.seenBoth + at]! + 10);
  }),
  feature('weekdayStarts', '1', 'starts within 1 h of this hour, one and two weeks ago', ({ state }) => {
    let count = 0;
    for (const lag of [168, 336]) for (let shift = -1; shift <= 1; shift++) count += startsAt(state, lag + shift);
    return count;
  }),
  ...vmStates.map((name, i) =>
    feature(`vm_${name}`, '1', `1 if the machine is ${name}`, ({ state }) => (state[own.vmState] === i + 1 ? 1 : 0)),
  ),
  feature('vmSince', 'h', 'ln(1 + hours since the machine changed its state)', ({ state, hour }) =>
    state[own.vmState] === 0 ? 0 : log1p(hour - state[own.vmSince]!),
  ),
  feature('scheduled', 'h', '1/(1 + hours to the next scheduled job), 0 without', ({ state, hour }) => {
    const ahead = state[own.scheduled]! + state[own.scheduledSecond]! / 3600 - hour;
    return state[own.scheduled] === 0 || ahead < 0 ? 0 : 1 / (1 + ahead);
  }),
];

/** What the access model is fed with, and the hash that ties a trained model to it. */
export const accessFeatures = {
  name: 'access-hourly-2',
  features: accessFeatureList,
  size: accessFeatureList.length,
  missing: 'a pair never seen has zeros, and 336 h since its last access',
  hash: sha256(
    JSON.stringify(['access-hourly-2', accessFeatureList.map(({ name, unit, transform }) => [name, unit, transform])]),
  ),
} as const;

/**
 * Compute the inputs of a pair for the hour that is open, before anything in it is known.
 *
 * @param state of the pair; all earlier hours are closed
 * @param shared of everybody
 * @param out receives {@link accessFeatures}.size floats from `offset` on
 */
export const fillAccessFeatures = (
  state: Float32Array,
  shared: Float32Array,
  calendar: Calendar,
  out: Float32Array,
  offset: number,
): void => {
  const hour = state[own.hour]!;
  const local = calendar.at(hour * hourMs);
  const tomorrow = calendar.at((hour + 24) * hourMs);
  const moment: Moment = {
    state,
    shared,
    hour,
    localHour: local.hour,
    weekday: local.weekday,
    weekendTomorrow: tomorrow.weekday % 6 === 0,
    cells: Array.from({ length: 24 }, (_, ahead) => cellOf(calendar, (hour + ahead) * hourMs)),
  };
  for (let i = 0; i < accessFeatureList.length; i++) out[offset + i] = accessFeatureList[i]!.of(moment);
};
