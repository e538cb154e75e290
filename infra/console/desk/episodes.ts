/** What follows within this time on one subject belongs together, milliseconds. */
export const episodeGapMs = 900_000;
/** Most members of one episode, and with that of what is judged at once; what follows begins another. */
export const mostMembers = 200;

/** What can belong to an episode. */
export interface Episodic {
  readonly subject: string;
  readonly pipeline: string;
  readonly at: number;
  readonly labels: readonly unknown[];
}

interface Episode<T> {
  readonly name: string;
  readonly members: Set<T>;
  /** Members that nobody has judged. */
  waiting: number;
  /** Epoch milliseconds of its first and last member so far. */
  first: number;
  last: number;
}

/** Some members of one episode, made into one row. */
export interface Folded<T> {
  /** The worst of them. */
  readonly entry: T;
  /** The others; absent where there are none. */
  others?: T[];
  /** Epoch milliseconds. */
  from: number;
  to: number;
}

const isWaiting = ({ labels }: Episodic): boolean => labels.length === 0;

/**
 * Decisions and alerts of one pipeline about one subject that follow closely on one another, in whatever order they come:
 * people judge them as one.
 */
export class Episodes<T extends Episodic> {
  readonly #of = new Map<T, Episode<T>>();
  readonly #byName = new Map<string, Episode<T>[]>();
  #waiting = 0;

  /** Episodes of which something waits to be judged. */
  get waiting(): number {
    return this.#waiting;
  }

  /** An entry has come: it belongs to the episode that it is near to, or begins one. */
  join(entry: T): void {
    const { subject, pipeline, at } = entry;
    const name = `${pipeline}\n${subject}`;
    const near = this.#byName.get(name) ?? [];
    const found = near.find(
      ({ members, first, last }) =>
        members.size < mostMembers && at >= first - episodeGapMs && at <= last + episodeGapMs,
    );
    const episode = found ?? { name, members: new Set<T>(), waiting: 0, first: at, last: at };
    if (!found) this.#byName.set(name, [...near, episode]);
    episode.members.add(entry);
    episode.first = Math.min(episode.first, at);
    episode.last = Math.max(episode.last, at);
    this.#of.set(entry, episode);
    if (isWaiting(entry)) this.#count(episode, 1);
  }

  /** An entry goes. */
  leave(entry: T): void {
    const episode = this.#of.get(entry);
    if (!episode) return;
    this.#of.delete(entry);
    episode.members.delete(entry);
    if (isWaiting(entry)) this.#count(episode, -1);
    if (episode.members.size > 0) return;
    const others = this.#byName.get(episode.name)!.filter((one) => one !== episode);
    if (others.length > 0) this.#byName.set(episode.name, others);
    else this.#byName.delete(episode.name);
  }

  /** An entry was judged, or that was taken back. */
  judged(entry: T, waited: boolean): void {
    const episode = this.#of.get(entry);
    const waits = isWaiting(entry);
    if (episode && waits !== waited) this.#count(episode, waits ? 1 : -1);
  }

  /** One row for what belongs together, judged and unjudged apart. @param entries - the worst first */
  fold(entries: readonly T[]): Folded<T>[] {
    const rows: Folded<T>[] = [];
    const begun = new Map<Episode<T>, [judged?: Folded<T>, waiting?: Folded<T>]>();
    for (const entry of entries) {
      const { at } = entry;
      const episode = this.#of.get(entry);
      const alone: Folded<T> = { entry, from: at, to: at };
      if (!episode || episode.members.size === 1) {
        rows.push(alone);
        continue;
      }
      const pair = begun.get(episode) ?? [];
      begun.set(episode, pair);
      const side = isWaiting(entry) ? 1 : 0;
      const row = pair[side];
      if (row) {
        if (row.others) row.others.push(entry);
        else row.others = [entry];
        row.from = Math.min(row.from, at);
        row.to = Math.max(row.to, at);
      } else {
        pair[side] = alone;
        rows.push(alone);
      }
    }
    return rows;
  }

  #count(episode: Episode<T>, by: 1 | -1): void {
    const before = episode.waiting;
    episode.waiting += by;
    this.#waiting += Number(episode.waiting > 0) - Number(before > 0);
  }
}
