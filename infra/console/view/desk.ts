/** What the console says of its desk to every page: numbers only, lists are asked for. */
export interface DeskView {
  /** `none`: there is no archive; `away`: it does not answer. */
  readonly archive: 'none' | 'there' | 'away';
  /** Since when it does not answer, epoch milliseconds. */
  readonly archiveSince: number | null;
  /** `version` counts up with each change; `waiting` is how many entries nobody has judged. */
  readonly queue: { readonly version: number; readonly waiting: number };
  /** `version` counts up with each change; `open` is how many are not closed. */
  readonly investigations: { readonly version: number; readonly open: number };
}

/** A desk of which nothing is known yet. */
export const emptyDesk: DeskView = {
  archive: 'none',
  archiveSince: null,
  queue: { version: 0, waiting: 0 },
  investigations: { version: 0, open: 0 },
};

/** One thing that a search found. */
export interface Found {
  readonly kind: 'subject' | 'investigation';
  readonly title: string;
  readonly about: string;
  /** Address of its page. */
  readonly path: string;
}
