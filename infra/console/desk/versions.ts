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
  awaited: (Batch & { readonly since: number }) | null;
}

/**
 * Numbers by which pages know that what they have read whole may have changed. Each counts up at most once in 2.5 s, however many
 * records changed it, in 15 s where they flow without end (5 s for what is in memory), and that of a sum only once the archive has them.
 */
export class Versions {
  readonly #options: VersionsOptions;
  readonly #entries: Readonly<Record<Versioned, Entry>>;
  #archived: ReadonlyMap<string, number> = new Map();
  #asking = false;
  #view = emptyDesk.versions;

  constructor(options: VersionsOptions) {
    this.#options = options;
    const at = options.now();
    this.#entries = Object.fromEntries(
      versioned.map((what) => [what, { version: 0, at, gathered: null, awaited: null }]),
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
    if (entry.awaited && this.#has(entry.awaited)) this.#count(what);
    const { gathered } = entry;
    const everyMs = gathered?.flows ? (flowMs[what] ?? archiveFlowMs) : archived ? soonMs : memoryMs;
    if (gathered && !entry.awaited && now - entry.at >= everyMs) {
      entry.gathered = null;
      if (archived) entry.awaited = { ...gathered, since: now };
      else this.#count(what);
    }
    if (archived && !entry.awaited && now - entry.at >= barMs) this.#count(what);
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

  #has({ places, since }: Batch & { readonly since: number }): boolean {
    const settled = this.#options.now() - since >= settleMs;
    for (const [place, offset] of places) {
      const next = this.#archived.get(place);
      if (next === undefined ? !settled : next <= offset) return false;
    }
    return true;
  }

  async #ask(): Promise<void> {
    const { archived, log } = this.#options;
    if (!archived || this.#asking) return;
    this.#asking = true;
    const topics = new Set<string>();
    for (const what of archivedSums)
      for (const place of this.#entries[what].awaited?.places.keys() ?? [])
        topics.add(place.slice(0, place.lastIndexOf('/')));
    try {
      this.#archived = await archived([...topics]);
    } catch (error) {
      this.#archived = new Map();
      log.debug({ err: error }, 'Nobody says how far the archive is');
    }
    this.#asking = false;
  }
}
