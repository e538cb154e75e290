import { type Calendar, hourMs } from './calendar.ts';
import { cells, recencyBins, recencyEdges } from './cells.ts';
import { decay, everybodyLayout as everybody } from './everybody.ts';

export { cells, recencyBins, recencyEdges } from './cells.ts';

/** Hours whose activity is remembered one by one. */
export const hoursKept = 336;
const bitsPerWord = 24;
/** A word more than needed, since lags reach an hour further. */
const words = hoursKept / bitsPerWord + 1;
const gapsKept = 5;
/** Decay from day to day of what is recent: a half-life of three days. */
const recently = 2 ** (-1 / 3);
/** A session ends when nothing was asked for this long. */
export const sessionGapMs = hourMs;

const layout = (() => {
  let size = 0;
  const take = (floats: number): number => {
    size += floats;
    return size - floats;
  };
  const places = {
    /** Hours since 1970 of the hour that is open; 0 before the first. */
    hour: take(1),
    first: take(1),
    /** Hour of the last access, and the second within it; 0 before the first. */
    last: take(1),
    lastSecond: take(1),
    /** Accesses in the open hour. */
    open: take(1),
    running: take(1),
    end: take(1),
    endSecond: take(1),
    active: take(1),
    sessionStart: take(1),
    sessionStartSecond: take(1),
    sessionAccesses: take(1),
    sessions: take(1),
    /** Hours between the ends of sessions and the next access, newest first. */
    gaps: take(gapsKept),
    bits: take(words),
    counts: take(24),
    /** Decayed hours seen, active, and begun after an hour without, by cell. */
    seenIn: take(cells),
    activeIn: take(cells),
    startsIn: take(cells),
    /** Decayed hours seen and active by recency. */
    seenAfter: take(recencyBins),
    activeAfter: take(recencyBins),
    /** Starts and hours seen by hour of the day, decayed faster. */
    recentStarts: take(24),
    recentSeen: take(24),
    /** State of the machine, as {@link vmStates} numbers it from 1, and since when. */
    vmState: take(1),
    vmSince: take(1),
    /** Hour and second for which a job is scheduled next. */
    scheduled: take(1),
    scheduledSecond: take(1),
  };
  return { ...places, size };
})();

/** Where what stands in the state of a pair. */
export const historyLayout = layout;

/** Floats of the state of one pair; zeros are a pair never seen. */
export const historySize = layout.size;

/** States of a virtual machine, in the order in which features number them. */
export const vmStates = ['created', 'running', 'stopped', 'archived'] as const;

/** One thing that happened to a pair of user and machine. */
export type AccessEvent =
  /** An access, or the beginning of a session or job. */
  | { readonly kind: 'access'; readonly timeMs: number; readonly lasts?: boolean }
  /** The end of what an access began. */
  | { readonly kind: 'end'; readonly timeMs: number }
  | { readonly kind: 'vmState'; readonly timeMs: number; readonly state: (typeof vmStates)[number] }
  | { readonly kind: 'scheduled'; readonly timeMs: number; readonly dueMs: number };

/** Hours since 1970 of an instant. */
export const hourOf = (timeMs: number): number => Math.floor(timeMs / hourMs);
const secondOf = (timeMs: number): number => (timeMs - hourOf(timeMs) * hourMs) / 1000;

/** Place of a number of hours since the last access among {@link recencyEdges}. */
export const recencyBin = (hours: number): number => {
  let bin = recencyBins - 1;
  while (bin > 0 && hours < recencyEdges[bin]!) bin--;
  return bin;
};

/** Cell of the histograms for an instant. */
export const cellOf = (calendar: Calendar, timeMs: number): number => {
  const { hour, weekday } = calendar.at(timeMs);
  return hour + (weekday === 0 || weekday === 6 ? 24 : 0);
};

/** Hours, with fractions, from an access to an instant; NaN without an access. */
export const hoursSinceLast = (state: Float32Array, timeMs: number): number =>
  state[layout.last] === 0 ? Number.NaN : timeMs / hourMs - state[layout.last]! - state[layout.lastSecond]! / 3600;

/** Whether the hour `lag` hours before the open one was active; lag 1 is the hour that closed last. */
export const wasActive = (state: Float32Array, lag: number): 0 | 1 => {
  const at = lag - 1;
  const word = Math.floor(at / bitsPerWord);
  return at >= 0 && word < words && (state[layout.bits + word]! >> (at % bitsPerWord)) & 1 ? 1 : 0;
};

/** Active hours among the last `hours` closed ones. */
export const activeHours = (state: Float32Array, hours: number): number => {
  let count = 0;
  for (let word = 0; word * bitsPerWord < hours; word++) {
    let bits = state[layout.bits + word]!;
    const left = hours - word * bitsPerWord;
    if (left < bitsPerWord) bits &= (1 << left) - 1;
    for (; bits !== 0; bits &= bits - 1) count++;
  }
  return count;
};

/**
 * Take in an access that comes late, after its hour was closed: the hour becomes active after all, as far back as hours are
 * kept; what was already foreseen stands.
 *
 * @returns whether it was taken in
 */
export const observeLate = (state: Float32Array, timeMs: number, calendar: Calendar): boolean => {
  const hour = hourOf(timeMs);
  const lag = state[layout.hour]! - hour;
  if (lag < 1 || lag > hoursKept) return false;
  if (wasActive(state, lag) === 1) return true;
  const [word, bit] = [Math.floor((lag - 1) / bitsPerWord), (lag - 1) % bitsPerWord];
  state[layout.bits + word] = state[layout.bits + word]! | (1 << bit);
  if (lag <= 24) state[layout.counts + lag - 1]!++;
  const cell = cellOf(calendar, hour * hourMs);
  const first = state[layout.first]!;
  if (first === 0 || hour < first) {
    state[layout.first] = hour;
    state[layout.seenIn + cell]!++;
  }
  state[layout.active]!++;
  state[layout.activeIn + cell]!++;
  if (wasActive(state, lag + 1) === 0) state[layout.startsIn + cell]!++;
  if (hour > state[layout.last]!) {
    state[layout.last] = hour;
    state[layout.lastSecond] = secondOf(timeMs);
  }
  return true;
};

const shiftBits = (state: Float32Array, active: 0 | 1): void => {
  let carry: number = active;
  for (let word = 0; word < words; word++) {
    const bits = state[layout.bits + word]!;
    state[layout.bits + word] = ((bits << 1) | carry) & 0xffffff;
    carry = (bits >> (bitsPerWord - 1)) & 1;
  }
};

/**
 * Take in an event of the open hour; one of a closed hour counts as of its beginning, but see {@link observeLate}, and one of
 * a later hour as of its end.
 */
export const observe = (state: Float32Array, event: AccessEvent): void => {
  const opened = state[layout.hour]! * hourMs;
  const timeMs = Math.min(Math.max(event.timeMs, opened), opened + hourMs - 1);
  const [hour, second] = [hourOf(timeMs), secondOf(timeMs)];
  switch (event.kind) {
    case 'access': {
      const since = hoursSinceLast(state, timeMs);
      if (!(since * hourMs <= sessionGapMs)) {
        if (Number.isFinite(since)) {
          state.copyWithin(layout.gaps + 1, layout.gaps, layout.gaps + gapsKept - 1);
          state[layout.gaps] = since;
        }
        state[layout.sessionStart] = hour;
        state[layout.sessionStartSecond] = second;
        state[layout.sessionAccesses] = 0;
        state[layout.sessions]!++;
      }
      if (state[layout.first] === 0) state[layout.first] = hour;
      state[layout.last] = hour;
      state[layout.lastSecond] = second;
      state[layout.open]!++;
      state[layout.sessionAccesses]!++;
      if (event.lasts) state[layout.running]!++;
      return;
    }
    case 'end':
      state[layout.running] = Math.max(0, state[layout.running]! - 1);
      state[layout.end] = hour;
      state[layout.endSecond] = second;
      return;
    case 'vmState':
      state[layout.vmState] = vmStates.indexOf(event.state) + 1;
      state[layout.vmSince] = hour;
      return;
    case 'scheduled':
      state[layout.scheduled] = hourOf(event.dueMs);
      state[layout.scheduledSecond] = secondOf(event.dueMs);
  }
};

/**
 * Close the open hour of a pair and open the next; call {@link closeEverybody} once all pairs are done.
 *
 * @returns whether the closed hour was active
 */
export const closeHour = (state: Float32Array, shared: Float32Array, calendar: Calendar): boolean => {
  const hour = state[layout.hour]!;
  const active = state[layout.open]! > 0 ? 1 : 0;
  const known = state[layout.first]! > 0;
  if (known) {
    const cell = cellOf(calendar, hour * hourMs);
    const before = wasActive(state, 1);
    // What the hour looked like when it began: its own accesses must not make it recent.
    const lastBefore = active ? lastActiveLag(state) : hour - state[layout.last]!;
    const bin = recencyBin(lastBefore);
    for (const [values, at] of [
      [state, layout],
      [shared, everybody],
    ] as const) {
      values[at.seenIn + cell]!++;
      values[at.activeIn + cell]! += active;
      if (!before) values[at.startsIn + cell]! += active;
      if (lastBefore > 0) {
        values[at.seenAfter + bin]!++;
        values[at.activeAfter + bin]! += active;
      }
    }
    const hourOfDay = cell % 24;
    state[layout.recentStarts + hourOfDay] = recently * state[layout.recentStarts + hourOfDay]! + (before ? 0 : active);
    state[layout.recentSeen + hourOfDay] = recently * state[layout.recentSeen + hourOfDay]! + 1;
    if (lastBefore > 0) {
      shared[everybody.seenBoth + cell * recencyBins + bin]!++;
      shared[everybody.activeBoth + cell * recencyBins + bin]! += active;
    }
    shared[everybody.pairs]!++;
    shared[everybody.activePairs]! += active;
  }
  state[layout.active]! += active;
  shiftBits(state, active);
  state.copyWithin(layout.counts + 1, layout.counts, layout.counts + 23);
  state[layout.counts] = state[layout.open]!;
  state[layout.open] = 0;
  state[layout.hour] = hour + 1;
  if (hour % 24 === 0) decay(state, layout.seenIn, layout.activeAfter + recencyBins);
  return active === 1;
};

/** Hours from the last active closed hour to the open one; beyond what is kept, one more than that. */
const lastActiveLag = (state: Float32Array): number => {
  for (let lag = 1; lag <= hoursKept; lag++) if (wasActive(state, lag)) return lag;
  return state[layout.active]! > 0 ? hoursKept + 1 : 0;
};
