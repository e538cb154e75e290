import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import { clientOf, hashOf, networkOf } from './operations.ts';

/** Kinds of things that a credential may never have done before. */
export const kinds = ['services', 'operations', 'clients', 'networks'] as const;

/** One of {@link kinds}. */
export type Kind = (typeof kinds)[number];

/** Things of each kind that are remembered; of more, those seen longest ago go. */
const mostSeen: Readonly<Record<Kind, number>> = { services: 64, operations: 512, clients: 16, networks: 32 };

/** Time in which half of what was new is forgotten, ms. */
const noveltyHalfLifeMs = 1_800_000;
/** Windows after which a credential is known well, and the time that it must have been known for, ms. */
const matureWindows = 20;
const matureMs = 4 * 3_600_000;
/** Windows that the memory of usual amounts comes to. */
const memoryWindows = 200;
const priorWindows = 10;
const priorDeviation = 0.7;
/** Deviations learned are cut here, so that one window cannot move the usual far. */
const winsor = 3;
const earthKm = 6371;
/** Places nearer than this are one. */
const samePlaceKm = 100;

/** Numbers of a baseline that are no lists. */
const layout = {
  firstAt: 0,
  windows: 1,
  latitude: 2,
  longitude: 3,
  placedAt: 4,
  speed: 5,
  speedAt: 6,
  calls: 7,
  callsDeviation: 8,
  bytes: 9,
  bytesDeviation: 10,
  novelty: 11,
  hours: 19,
  weekdays: 43,
  size: 50,
} as const;

/** What a window came to, for {@link Baseline.learn}. */
export interface WindowAmounts {
  readonly endsAt: number;
  readonly calls: number;
  readonly bytes: number;
  readonly byService: ReadonlyMap<string, number>;
}

/** What is usual for one credential: its services, operations, clients and networks, times, places and amounts. */
export class Baseline {
  readonly #numbers: Float64Array;
  /** By service: calls, faded, and the usual logarithm of calls a window with its deviation. */
  readonly #services: Map<string, number[]>;
  /** By kind and hash: when it was seen last. */
  readonly #seen: Readonly<Record<Kind, Map<number, number>>>;

  /** As {@link save} gave it. */
  constructor(saved?: SavedBaseline) {
    this.#numbers = new Float64Array(layout.size);
    if (saved) this.#numbers.set(saved.baseline.slice(0, layout.size));
    this.#services = new Map(Object.entries(saved?.services ?? {}).map(([name, numbers]) => [name, [...numbers]]));
    const restored = (kind: Kind): Map<number, number> => {
      const flat = saved?.seen[kind] ?? [];
      return new Map(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]));
    };
    this.#seen = {
      services: restored('services'),
      operations: restored('operations'),
      clients: restored('clients'),
      networks: restored('networks'),
    };
  }

  /**
   * How well the credential is known, 0 to 1: by windows learned and by time, so that nobody becomes known in minutes.
   *
   * @param time - epoch milliseconds
   */
  maturity(time: number): number {
    const [firstAt, windows] = [this.#numbers[layout.firstAt]!, this.#numbers[layout.windows]!];
    return firstAt === 0 ? 0 : Math.min(1, windows / matureWindows, Math.max(0, time - firstAt) / matureMs);
  }

  /** The service that was called most, undefined before the first window. */
  get mostUsed(): string | undefined {
    let found: string | undefined;
    for (const [name, [calls = 0]] of this.#services)
      if (
        found === undefined ||
        calls > this.#services.get(found)![0]! ||
        (calls === this.#services.get(found)![0]! && name < found)
      )
        found = name;
    return found;
  }

  /** Take note of a call: what is new, and how far its place is from the one before. */
  observe(call: ApiTelemetry): void {
    const numbers = this.#numbers;
    if (numbers[layout.firstAt] === 0) numbers[layout.firstAt] = call.time;
    this.#see('services', hashOf(call.service), call.time);
    this.#see('operations', hashOf(`${call.service} ${call.operation}`), call.time);
    if (call.userAgent !== '') this.#see('clients', hashOf(clientOf(call.userAgent)), call.time);
    if (call.address) this.#see('networks', hashOf(networkOf(call.address)), call.time);
    if (call.latitude !== null && call.longitude !== null) this.#move(call.latitude, call.longitude, call.time);
  }

  /** How much of a kind was new lately: about as many things as were, faded, 0 and up. */
  novelty(kind: Kind, time: number): number {
    const at = layout.novelty + 2 * kinds.indexOf(kind);
    return this.#numbers[at]! * 2 ** (-Math.max(0, time - this.#numbers[at + 1]!) / noveltyHalfLifeMs);
  }

  /** Fastest journey lately, km/h, faded; NaN where places are not known. */
  speed(time: number): number {
    if (this.#numbers[layout.placedAt] === 0) return Number.NaN;
    return (
      this.#numbers[layout.speed]! * 2 ** (-Math.max(0, time - this.#numbers[layout.speedAt]!) / noveltyHalfLifeMs)
    );
  }

  /** Deviations by which calls or bytes of a window lie above the usual; NaN before anything is usual. */
  above(of: 'calls' | 'bytes', amount: number): number {
    if (this.#numbers[layout.windows]! < priorWindows) return Number.NaN;
    const at = layout[of];
    return (Math.log1p(amount) - this.#numbers[at]!) / Math.max(0.2, this.#numbers[at + 1]!);
  }

  /** The largest of {@link above} over services that are known, in calls; NaN before anything is usual. */
  aboveByService(byService: ReadonlyMap<string, number>): number {
    if (this.#numbers[layout.windows]! < priorWindows) return Number.NaN;
    let most = 0;
    for (const [name, calls] of byService) {
      const known = this.#services.get(name);
      if (known) most = Math.max(most, (Math.log1p(calls) - known[1]!) / Math.max(0.2, known[2]!));
    }
    return most;
  }

  /** Decades by which the hour and the day of the week are rarer than even; NaN in the first week. */
  unusualTime(time: number): number {
    if (time - this.#numbers[layout.firstAt]! < 7 * 86_400_000) return Number.NaN;
    const rarity = (at: number, many: number, index: number): number => {
      const counts = this.#numbers.subarray(at, at + many);
      const total = counts.reduce((sum, count) => sum + count, 0);
      return -Math.log10(((counts[index]! + 0.5) / (total + 0.5 * many)) * many);
    };
    const { hour, weekday } = momentOf(time);
    return Math.max(0, rarity(layout.hours, 24, hour), rarity(layout.weekdays, 7, weekday));
  }

  /** Make a window part of what is usual. */
  learn({ endsAt, calls, bytes, byService }: WindowAmounts): void {
    const numbers = this.#numbers;
    const seen = numbers[layout.windows]!;
    const moved = (mean: number, deviation: number, amount: number, age: number): [number, number] => {
      const value = Math.log1p(amount);
      if (age === 0) return [value, priorDeviation];
      const limit = winsor * Math.max(0.2, deviation);
      const distance = Math.min(limit, Math.max(-limit, value - mean));
      const rate = 1 / Math.min(age + 1, memoryWindows);
      const slow = 1 / Math.min(age + priorWindows, memoryWindows);
      return [mean + rate * distance, Math.sqrt(deviation ** 2 + slow * (distance ** 2 - deviation ** 2))];
    };
    [numbers[layout.calls], numbers[layout.callsDeviation]] = moved(
      numbers[layout.calls]!,
      numbers[layout.callsDeviation]!,
      calls,
      seen,
    );
    [numbers[layout.bytes], numbers[layout.bytesDeviation]] = moved(
      numbers[layout.bytes]!,
      numbers[layout.bytesDeviation]!,
      bytes,
      seen,
    );
    const fade = 1 - 1 / memoryWindows;
    for (const known of this.#services.values()) known[0]! *= fade;
    for (const [name, count] of byService) {
      const known = this.#services.get(name) ?? [0, 0, 0, 0];
      const [mean, deviation] = moved(known[1]!, known[2]!, count, known[3]!);
      this.#services.set(name, [known[0]! + count, mean, deviation, Math.min(known[3]! + 1, 65_536)]);
    }
    while (this.#services.size > mostSeen.services) this.#services.delete(leastUsed(this.#services));
    const { hour, weekday } = momentOf(endsAt);
    numbers[layout.hours + hour]!++;
    numbers[layout.weekdays + weekday]!++;
    numbers[layout.windows] = seen + 1;
  }

  /** What was new lately is news no more: somebody judged it legitimate. */
  accept(): void {
    this.#numbers.fill(0, layout.novelty, layout.novelty + 2 * kinds.length);
    this.#numbers[layout.speed] = 0;
  }

  /** What was seen last at a time or after it is unknown again: somebody judged it malicious. */
  distrust(fromMs: number): void {
    for (const kind of kinds)
      for (const [hash, at] of this.#seen[kind]) if (at >= fromMs) this.#seen[kind].delete(hash);
  }

  save(): SavedBaseline {
    const flat = (kind: Kind) => [...this.#seen[kind]].flat();
    return {
      baseline: [...this.#numbers],
      services: Object.fromEntries(this.#services),
      seen: {
        services: flat('services'),
        operations: flat('operations'),
        clients: flat('clients'),
        networks: flat('networks'),
      },
    };
  }

  #see(kind: Kind, hash: number, time: number): void {
    const seen = this.#seen[kind];
    if (!seen.delete(hash)) {
      const mature = this.maturity(time);
      if (mature > 0) {
        const at = layout.novelty + 2 * kinds.indexOf(kind);
        this.#numbers[at] = this.novelty(kind, time) + mature;
        this.#numbers[at + 1] = time;
      }
      if (seen.size >= mostSeen[kind]) seen.delete(seen.keys().next().value!);
    }
    // The order of a map is that of insertion: the first was seen longest ago.
    seen.set(hash, time);
  }

  #move(latitude: number, longitude: number, time: number): void {
    const numbers = this.#numbers;
    if (numbers[layout.placedAt] !== 0) {
      const km = distanceKm(numbers[layout.latitude]!, numbers[layout.longitude]!, latitude, longitude);
      const hours = Math.max(time - numbers[layout.placedAt]!, 60_000) / 3_600_000;
      const speed = km < samePlaceKm ? 0 : km / hours;
      if (speed > this.speed(time)) {
        numbers[layout.speed] = speed;
        numbers[layout.speedAt] = time;
      }
    }
    numbers[layout.latitude] = latitude;
    numbers[layout.longitude] = longitude;
    numbers[layout.placedAt] = Math.max(time, 1);
  }
}

/** A baseline for the changelog, as `schemas/ScopeState.avsc` has it. */
export interface SavedBaseline {
  readonly baseline: number[];
  readonly services: Record<string, number[]>;
  readonly seen: Record<string, number[]>;
}

const leastUsed = (services: ReadonlyMap<string, readonly number[]>): string => {
  let found: [string, number] | undefined;
  for (const [name, [calls = 0]] of services) if (!found || calls < found[1]) found = [name, calls];
  return found![0];
};

/** Hour and day of the week, UTC. */
const momentOf = (time: number): { hour: number; weekday: number } => ({
  hour: Math.floor(time / 3_600_000) % 24,
  weekday: (Math.floor(time / 86_400_000) + 4) % 7,
});

/** Great-circle distance of two places, degrees (haversine). */
export const distanceKm = (latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number => {
  const radians = Math.PI / 180;
  const half = (a: number, b: number) => Math.sin(((b - a) * radians) / 2) ** 2;
  const h =
    half(latitudeA, latitudeB) +
    Math.cos(latitudeA * radians) * Math.cos(latitudeB * radians) * half(longitudeA, longitudeB);
  return 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(h)));
};
