import type { Logger } from '../../log.ts';
import { archivedSums, type DeskView, emptyDesk, type Versioned, versioned } from '../view/desk.ts';
import type { Touch } from './touches.ts';

/** Where a record stands in Kafka. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What {@link Versions} works with. */
export interface VersionsOptions {
  readonly now: () => number;
  readonly log: Logger;
  /**
   * Offsets up to which the archive has taken in what was written, the first that it has not, by `<topic>/<partition>`; absent where nobody knows,
   * and so is a partition that is not in it.
   */
  readonly archived?: ((topics: readonly string[]) => Promise<ReadonlyMap<string, number>>) | undefined;
}

/** Shortest time between two numbers of the same, milliseconds. */
const soonMs = 2_500;
/** The same where only what flows without end has changed it. */
const flowMs: Partial<Record<Versioned, number>> = { subjects: 5_000 };
const archiveFlowMs = 15_000;
/** Within this the archive has what was written, where nobody knows how far it is. */
const settleMs = 2_500;
/** What the archive has not taken in by then is told of all the same: it may stand still, or not read that topic. */
const longestMs = 60_000;
/**
 * After this it is told of once more what may have been told of too early, and what could not be read: longer than what flows without end
 * takes to be told of anyway.
 */
const againMs = archiveFlowMs + 2 * settleMs;
/** The same for what reaches another service by a topic of its own, which answers for it. */
const followMs: Partial<Record<Versioned, number>> = { behaviour: 2_000 };
/** Bars of sums are as wide as this or wider: with time alone, they move on. */
const barMs = 300_000;
const memoryMs = 900;

const isArchived = new Set<Versioned>(archivedSums);
const placeOf = ({ topic, partition }: Place): string => `${topic}/${partition}`;

/** Records that changed something, and that no number has told of yet. */
interface Batch {
  /** Offset of the last of them, by partition. */
  readonly places: Map<string, number>;
  flows: boolean;
}

interface Entry {
  version: number;
  /** When it last counted up, epoch milliseconds. */
  at: number;
  gathered: Batch | null;
  /** Records that the archive has not taken in yet, as far as is known, and since when that is awaited. */
  awaited: Awaited | null;
  /** When it counts up once more whatever happens, epoch milliseconds. */
  againAt: number | null;
}

type Awaited = Batch & { readonly since: number };

/**
 * Numbers by which pages know that what they have read whole may have changed. Each counts up at most once in 2.5 s, however many
 * records changed it, in 15 s where they flow without end (5 s for what is in memory), and that of a sum only once the archive has them, or after 60 s.
 */
export class Versions {
  readonly #options: VersionsOptions;
  readonly #entries: Readonly<Record<Versioned, Entry>>;
  /** As far as is known, by `<topic>/<partition>`; what is known stays so where nobody answers. */
  readonly #archived = new Map<string, number>();
  #asking = false;
  /** When the last question began to which there is an answer, be it that nobody says, epoch milliseconds. */
  #answeredAt = 0;
  #view = emptyDesk.versions;

  constructor(options: VersionsOptions) {
    this.#options = options;
    const at = options.now();
    this.#entries = Object.fromEntries(
      versioned.map((what) => [what, { version: 0, at, gathered: null, awaited: null, againAt: null }]),
    ) as unknown as Record<Versioned, Entry>;
  }

  /**
   * Something came that may change what pages have read.
   *
   * @param place - of the record that says so; none where the archive need not be waited for
   */
  touch({ what, flows = false }: Touch, place?: Place): void {
    const entry = this.#entries[what];
    entry.gathered ??= { places: new Map(), flows: true };
    entry.gathered.flows &&= flows;
    if (place && isArchived.has(what)) entry.gathered.places.set(placeOf(place), place.offset);
  }

  /** It could not be read: whoever asked in vain asks once more in a while, however far the archive is. */
  retry(what: Versioned): void {
    this.#entries[what].againAt ??= this.#options.now() + againMs;
  }

  /** Once a second: count up what is due. */
  tick(): void {
    for (const what of versioned) this.#advance(what);
    if (archivedSums.some((what) => this.#entries[what].awaited)) void this.#ask();
  }

  /** The archive answers again: whoever asked it in vain asks once more. */
  renew(): void {
    for (const what of archivedSums) this.#tell(what);
  }

  /** The same object as long as nothing has changed. */
  view(): DeskView['versions'] {
    return this.#view;
  }

  #advance(what: Versioned): void {
    const entry = this.#entries[what];
    const now = this.#options.now();
    const archived = isArchived.has(what);
    const state = entry.awaited && this.#stateOf(entry.awaited);
    if (state && state !== 'waits') this.#count(what);
    if (state === 'unknown') entry.againAt = now + againMs;
    const { gathered } = entry;
    const everyMs = gathered?.flows ? (flowMs[what] ?? archiveFlowMs) : archived ? soonMs : memoryMs;
    if (gathered && !entry.awaited && now - entry.at >= everyMs) {
      entry.gathered = null;
      if (archived) entry.awaited = { ...gathered, since: now };
      else {
        this.#count(what);
        const follow = followMs[what];
        if (follow !== undefined) entry.againAt = now + follow;
      }
    }
    const isDue = entry.againAt !== null && now >= entry.againAt;
    if (isDue) entry.againAt = null;
    if (isDue || (archived && now - entry.at >= barMs)) {
      entry.at = now;
      this.#tell(what);
    }
  }

  #count(what: Versioned): void {
    const entry = this.#entries[what];
    entry.awaited = null;
    entry.at = this.#options.now();
    this.#tell(what);
  }

  #tell(what: Versioned): void {
    const entry = this.#entries[what];
    entry.version += 1;
    this.#view = { ...this.#view, [what]: entry.version };
  }

  /** `taken` as far as anybody can say; `unknown` where nobody can, and the archive has been given its time; `late` where it takes too long. */
  #stateOf({ places, since }: Awaited): 'taken' | 'waits' | 'unknown' | 'late' {
    const now = this.#options.now();
    let unknown = false;
    let waits = false;
    for (const [place, offset] of places) {
      const next = this.#archived.get(place);
      if (next === undefined) unknown = true;
      else if (next <= offset) waits = true;
    }
    // Not asked since, or not answered yet, is not the same as that nobody knows
    if (unknown && this.#options.archived && this.#answeredAt < since) waits = true;
    if (unknown && now - since < settleMs) waits = true;
    if (waits) return now - since >= longestMs ? 'late' : 'waits';
    return unknown ? 'unknown' : 'taken';
  }

  async #ask(): Promise<void> {
    const { archived, log } = this.#options;
    if (!archived || this.#asking) return;
    this.#asking = true;
    const begunAt = this.#options.now();
    const topics = new Set<string>();
    for (const what of archivedSums)
      for (const place of this.#entries[what].awaited?.places.keys() ?? [])
        topics.add(place.slice(0, place.lastIndexOf('/')));
    try {
      const answer = await archived([...topics]);
      for (const place of this.#archived.keys())
        if (topics.has(place.slice(0, place.lastIndexOf('/'))) && !answer.has(place)) this.#archived.delete(place);
      for (const [place, next] of answer) this.#archived.set(place, next);
    } catch (error) {
      log.debug({ err: error }, 'Nobody says how far the archive is');
    }
    this.#answeredAt = begunAt;
    this.#asking = false;
  }
}
