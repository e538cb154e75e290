import { signal } from '@preact/signals';
import { get } from '../api.ts';

const perPage = 100;

/** A page of a list, as the server answers. */
export interface Answer<T> {
  readonly total: number;
  readonly offset: number;
  readonly entries: readonly T[];
}

/** A long list of which the server keeps the whole and the page what it shows: pages are asked for as they come into view. */
export class Paged<T, A extends Answer<T> = Answer<T>> {
  /** Counts up with each answer. */
  readonly version = signal(0);
  readonly total = signal(0);
  readonly error = signal<Error | null>(null);
  /** The last answer, for what it tells beside its entries. */
  readonly answer = signal<A | null>(null);
  readonly #path: string;
  readonly #query: Readonly<Record<string, string | number>>;
  #pages = new Map<number, readonly T[]>();
  #asked = new Map<number, AbortController>();
  #seen: readonly [number, number] = [0, 0];

  constructor(path: string, query: Readonly<Record<string, string | number>>) {
    this.#path = path;
    this.#query = query;
  }

  at(index: number): T | undefined {
    return this.#pages.get(Math.floor(index / perPage))?.[index % perPage];
  }

  /** Where an entry stands among those that are here; -1 where it is not. */
  indexOf(is: (entry: T) => boolean): number {
    for (const [page, entries] of this.#pages) {
      const index = entries.findIndex(is);
      if (index >= 0) return page * perPage + index;
    }
    return -1;
  }

  /** These entries are in view, the last one excluded: ask for what is missing of them. */
  see(first: number, last: number): void {
    this.#seen = [first, last];
    for (let page = Math.floor(first / perPage); page * perPage < Math.max(1, last); page += 1)
      if (!this.#pages.has(page) && !this.#asked.has(page)) void this.#ask(page, false);
  }

  /** Ask anew for what is in view; what is shown stays until the answer is there. @returns why it did not come, null where it did */
  async refresh(): Promise<Error | null> {
    const [first, last] = this.#seen;
    for (const asked of this.#asked.values()) asked.abort();
    this.#asked.clear();
    const seen = Array.from(
      { length: Math.floor(Math.max(0, last - 1) / perPage) - Math.floor(first / perPage) + 1 },
      (_, index) => Math.floor(first / perPage) + index,
    );
    const failures = await Promise.all(seen.map((page) => this.#ask(page, true)));
    for (const page of [...this.#pages.keys()]) if (!seen.includes(page)) this.#pages.delete(page);
    return failures.find((failure) => failure !== null) ?? null;
  }

  /** Change what is shown, before the server tells. */
  patch(change: (entry: T) => T | null): void {
    for (const [page, entries] of this.#pages)
      this.#pages.set(
        page,
        entries.flatMap((entry) => change(entry) ?? []),
      );
    this.version.value += 1;
  }

  close(): void {
    for (const asked of this.#asked.values()) asked.abort();
  }

  async #ask(page: number, again: boolean): Promise<Error | null> {
    const asked = new AbortController();
    this.#asked.set(page, asked);
    try {
      const query = { ...this.#query, offset: page * perPage, limit: perPage };
      const answer = await get<A>(this.#path, query, asked.signal);
      this.#pages.set(page, answer.entries);
      this.total.value = answer.total;
      this.answer.value = answer;
      this.error.value = null;
      this.version.value += 1;
      return null;
    } catch (error) {
      if (asked.signal.aborted) return null;
      // What is shown already is worth more than the word that it could not be renewed
      if (!again || this.answer.value === null) this.error.value = error as Error;
      return error as Error;
    } finally {
      if (this.#asked.get(page) === asked) this.#asked.delete(page);
    }
  }
}
