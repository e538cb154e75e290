import type { Calendar } from '../../models/access/calendar.ts';
import { createEverybody } from '../../models/access/everybody.ts';
import { historySize, type vmStates } from '../../models/access/history.ts';
import { Population } from '../../models/access/population.ts';
import type { AccessClock } from '../../schemas/generated/index.ts';
import { TimerQueue } from './timerQueue.ts';

/** Floats that a model carries for each pair, and for all. */
type Carried = { readonly pair: number; readonly all: number };

/** What was carried in a state that was saved. */
const carriedIn = ({ pairs, shared }: SavedPartition): Carried => ({
  pair: (pairs[0]?.floats.length ?? historySize) - historySize,
  all: shared.length - createEverybody().length,
});

/** A pair as the changelog keeps it. */
export interface SavedPair {
  readonly pair: string;
  readonly floats: Float32Array;
  /** End of what is prepared for it, epoch milliseconds; 0 for nothing. */
  readonly preparedUntilMs: number;
}

/** What telemetry last told of a machine. */
export interface MachineStanding {
  readonly state: (typeof vmStates)[number];
  /** Event time, epoch milliseconds. */
  readonly sinceMs: number;
}

/** A partition as the changelog keeps it, at the beginning of an hour. */
export interface SavedPartition {
  readonly hour: number;
  readonly shared: Float32Array;
  readonly pairs: readonly SavedPair[];
  readonly machines: ReadonlyMap<string, MachineStanding>;
  readonly clock: AccessClock;
  /** Model that the carried floats belong to; empty for the statistics. */
  readonly modelVersion: string;
  /** Times at which something was prepared, for the budget. */
  readonly budget: readonly number[];
}

/**
 * What one partition of `telemetry.access` knows: what its pairs do, and what is prepared for them until when. Timers are in
 * event time. Saved and restored, it goes on as if it had never stopped.
 */
export class PreprovisionState {
  readonly population: Population;
  /** Ends of what is prepared, by pair. */
  readonly prepared = new TimerQueue();
  /** How far joined topics are in force. */
  clock: AccessClock = { time: 0, controlOffset: 0, scoresOffset: 0, modelSequence: 0 };
  /** Times at which something was prepared, oldest first. */
  readonly budget: number[] = [];
  /** Model that what is carried belongs to; empty for the statistics. */
  modelVersion: string;
  /** Pairs of each machine. */
  readonly #machines = new Map<string, Set<string>>();
  /** What machines are in, longer than telemetry is kept: an archived one stays known to whoever comes to it later. */
  readonly #standings = new Map<string, MachineStanding>();

  constructor(calendar: Calendar, hour: number, carried: Carried, modelVersion = '') {
    this.population = new Population(calendar, hour, carried);
    this.modelVersion = modelVersion;
  }

  /** Another model takes over: pairs keep their histories, what it carries begins anew. */
  carryFor({ carried, version }: { readonly carried: Carried; readonly version: string }): void {
    if (version === this.modelVersion) return;
    this.population.carryFor(carried);
    this.modelVersion = version;
  }

  /** Note that a pair is one of a machine's. */
  know(pair: string, vm: string | null): void {
    if (vm === null) return;
    const pairs = this.#machines.get(vm) ?? new Set();
    this.#machines.set(vm, pairs.add(pair));
  }

  /** Pairs of a machine. */
  pairsOf(vm: string): Iterable<string> {
    return this.#machines.get(vm) ?? [];
  }

  /** Note the state of a machine; the latest by its own time counts. @returns whether that is news */
  note(vm: string, standing: MachineStanding): boolean {
    const before = this.#standings.get(vm);
    if (before && (before.sinceMs > standing.sinceMs || before.state === standing.state)) return false;
    this.#standings.set(vm, standing);
    return true;
  }

  /** State of a machine, null where none was told. */
  machine(vm: string | null): MachineStanding['state'] | null {
    return (vm === null ? undefined : this.#standings.get(vm))?.state ?? null;
  }

  /** Everything, as it is now. */
  save(): SavedPartition {
    return {
      hour: this.population.hour,
      shared: Float32Array.from(this.population.shared),
      pairs: [...this.population.states].map(([pair, floats]) => ({
        pair,
        floats: Float32Array.from(floats),
        preparedUntilMs: this.prepared.dueAt(pair) ?? 0,
      })),
      machines: new Map(this.#standings),
      clock: this.clock,
      modelVersion: this.modelVersion,
      budget: [...this.budget],
    };
  }

  /**
   * The state that was saved. What another model carried is left out: pairs keep their histories.
   *
   * @param model the one in force there
   * @throws EbbtideError STATE_CORRUPT for a state that is not this model's though it bears its version
   */
  static restore(
    calendar: Calendar,
    saved: SavedPartition,
    model: { readonly carried: Carried; readonly version: string },
    vmOf: (pair: string) => string | null,
  ): PreprovisionState {
    const carried = saved.modelVersion === model.version ? model.carried : carriedIn(saved);
    const state = new PreprovisionState(calendar, saved.hour, carried, saved.modelVersion);
    state.population.restoreShared(saved.shared);
    for (const { pair, floats, preparedUntilMs } of saved.pairs) {
      state.population.restore(pair, floats);
      state.know(pair, vmOf(pair));
      if (preparedUntilMs > 0) state.prepared.set(pair, preparedUntilMs);
    }
    for (const [vm, standing] of saved.machines) state.note(vm, standing);
    state.clock = saved.clock;
    state.budget.push(...saved.budget);
    state.carryFor(model);
    return state;
  }
}
