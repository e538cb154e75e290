import { EbbtideError } from '../../schemas/errors.ts';
import { type Calendar, hourMs } from './calendar.ts';
import { closeEverybody, createEverybody } from './everybody.ts';
import { type AccessEvent, closeHour, historyLayout, historySize, hourOf, observe, observeLate } from './history.ts';

/** Something that happened to one pair. */
export interface PairEvent {
  /** User and machine as one name, see {@link pairOf}. */
  readonly pair: string;
  readonly event: AccessEvent;
}

/** The name of a pair of user and machine; of a user alone where no machine is known. */
export const pairOf = (user: string, vm?: string | null): string => (vm ? `${user}\u0000${vm}` : user);

/** User and machine of a pair's name. */
export const partsOfPair = (pair: string): { readonly user: string; readonly vm: string | null } => {
  const [user = '', vm] = pair.split('\u0000');
  return { user, vm: vm ?? null };
};

/**
 * The pairs of one partition: what each did, and what all did together. Training, evaluation and the pipeline feed it
 * with the same events and ask it for the same inputs; it knows no time but that of events and of {@link openHour}.
 *
 * @example
 * const population = new Population(calendarOf('Europe/Berlin'), hourOf(firstMs));
 * population.openHour(hourOf(event.timeMs));
 * population.observe(pairOf('ada', 'build-7'), event);
 */
export class Population {
  readonly calendar: Calendar;
  /** State of each pair: {@link historySize} floats, then those that a model carries. */
  readonly states: Map<string, Float32Array>;
  /** What all pairs did together; then what a model carries for all. */
  shared: Float32Array;
  #floats: number;
  #hour: number;

  /**
   * @param hour the first one that is open, hours since 1970
   * @param carried floats that a model carries for each pair, and for all
   */
  constructor(calendar: Calendar, hour: number, carried: { readonly pair: number; readonly all: number } = none) {
    this.calendar = calendar;
    this.states = new Map();
    this.#floats = historySize + carried.pair;
    const everybody = createEverybody();
    this.shared = new Float32Array(everybody.length + carried.all);
    this.#hour = hour;
  }

  /** The hour that is open: events fall into it, and predictions are for it and after. */
  get hour(): number {
    return this.#hour;
  }

  /** State of a pair, made when it is first asked for. */
  stateOf(pair: string): Float32Array {
    let state = this.states.get(pair);
    if (!state) {
      state = new Float32Array(this.#floats);
      state[historyLayout.hour] = this.#hour;
      this.states.set(pair, state);
    }
    return state;
  }

  /** Put back a pair as {@link states} had it. */
  restore(pair: string, floats: Float32Array): void {
    if (floats.length !== this.#floats)
      throw new EbbtideError(
        'STATE_CORRUPT',
        `The state of a pair holds ${floats.length} floats instead of ${this.#floats}: it is of another model`,
        { floats: floats.length, expected: this.#floats },
      );
    this.states.set(pair, Float32Array.from(floats));
  }

  /** Put back what all did together, as {@link shared} had it. */
  restoreShared(floats: Float32Array): void {
    if (floats.length !== this.shared.length)
      throw new EbbtideError(
        'STATE_CORRUPT',
        `The state of all pairs holds ${floats.length} floats instead of ${this.shared.length}: it is of another model`,
      );
    this.shared.set(floats);
  }

  /** Make room for what another model carries, which begins anew: pairs keep their histories. */
  carryFor(carried: { readonly pair: number; readonly all: number }): void {
    this.#floats = historySize + carried.pair;
    for (const [pair, state] of this.states) this.states.set(pair, fitted(state, historySize, this.#floats));
    const own = createEverybody().length;
    this.shared = fitted(this.shared, own, own + carried.all);
  }

  /** Whether an event is dated so far ahead, beyond the hour after the open one, that its sender's clock must be wrong. */
  isAhead({ timeMs }: AccessEvent): boolean {
    return hourOf(timeMs) > this.#hour + 1;
  }

  /**
   * Take in what happened in the open hour. An access of an earlier one is put where it belongs, see `observeLate`; one that is
   * older than what is kept is left out, and so is what {@link isAhead}.
   *
   * @returns whether it was taken in
   */
  observe(pair: string, event: AccessEvent): boolean {
    if (this.isAhead(event)) return false;
    const state = this.stateOf(pair);
    if (event.kind === 'access' && event.timeMs < this.#hour * hourMs)
      return observeLate(state, event.timeMs, this.calendar);
    observe(state, event);
    return true;
  }

  /** Close hours until `hour` is open. Before the first pair there is nothing to close. */
  openHour(hour: number): void {
    if (this.states.size === 0) this.#hour = Math.max(this.#hour, hour);
    while (this.#hour < hour) {
      for (const state of this.states.values()) closeHour(state, this.shared, this.calendar);
      closeEverybody(this.shared);
      this.#hour++;
    }
  }
}

const none = { pair: 0, all: 0 } as const;

/** The first floats of a state, in one of another length. */
const fitted = (floats: Float32Array, kept: number, length: number): Float32Array => {
  const made = new Float32Array(length);
  made.set(floats.subarray(0, kept));
  return made;
};

/**
 * Lead a population through events, hour by hour.
 *
 * @param events in order of time
 * @param toHour hours before it are opened
 * @param opened called at the beginning of each hour, before its events; events of it follow
 * @param seen called before each event is taken in
 */
export const walk = async (
  population: Population,
  events: readonly PairEvent[],
  toHour: number,
  opened: (hour: number) => void | Promise<void>,
  seen: (event: PairEvent) => void = () => undefined,
): Promise<void> => {
  let next = 0;
  for (let hour = population.hour; hour < toHour; hour++) {
    population.openHour(hour);
    await opened(hour);
    for (; next < events.length && events[next]!.event.timeMs < (hour + 1) * hourMs; next++) {
      seen(events[next]!);
      population.observe(events[next]!.pair, events[next]!.event);
    }
  }
};

/** Hours since 1970 in which events begin and end: the first, and one past the last. */
export const hoursOf = (events: readonly PairEvent[]): readonly [number, number] => [
  hourOf(events[0]!.event.timeMs),
  hourOf(events.at(-1)!.event.timeMs) + 1,
];
