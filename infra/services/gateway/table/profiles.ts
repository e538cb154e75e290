/** What rows have in common: group, default scope, and the references of backend credentials. */
export interface Profile {
  readonly group: string;
  readonly defaultScope: string;
  /** Reference of the backend credential by scope; `{credential}` stands for the frontend credential. */
  readonly backendCredentials: Readonly<Record<string, string>>;
}

/** Interned {@link Profile}s: rows that say the same share one. */
export class Profiles {
  readonly #ids = new Map<string, number>();
  readonly #entries: ({ readonly profile: Profile; readonly key: string; uses: number } | undefined)[] = [];
  readonly #free: number[] = [];

  /** Count one use more; returns the profile's number. */
  take(profile: Profile): number {
    const key = JSON.stringify([
      profile.group,
      profile.defaultScope,
      Object.entries(profile.backendCredentials).sort(([a], [b]) => (a < b ? -1 : 1)),
    ]);
    const known = this.#ids.get(key);
    if (known !== undefined) {
      this.#entries[known]!.uses++;
      return known;
    }
    const id = this.#free.pop() ?? this.#entries.length;
    this.#entries[id] = { profile, key, uses: 1 };
    this.#ids.set(key, id);
    return id;
  }

  /** Count one use less; without uses it is forgotten. */
  release(id: number): void {
    const entry = this.#entries[id];
    if (!entry || --entry.uses > 0) return;
    this.#ids.delete(entry.key);
    this.#entries[id] = undefined;
    this.#free.push(id);
  }

  get(id: number): Profile {
    return this.#entries[id]!.profile;
  }

  get size(): number {
    return this.#ids.size;
  }
}
