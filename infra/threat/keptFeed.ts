import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const noteSchema = z.object({
  /** SHA-256 of the last good version, hexadecimal. */
  digest: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** Indicators of the last good version. */
  total: z.number(),
  /** When the first of those that are not valid yet becomes so, epoch milliseconds. */
  nextFrom: z.number().optional(),
  /** When the feed last said the same or something newer, epoch milliseconds. */
  confirmedAt: z.number(),
  /** Name under which it was last put in force, and when, epoch milliseconds. */
  version: z.string(),
  publishedAt: z.number(),
});

/** What is known of a feed's last good version. */
export type FeedNote = z.output<typeof noteSchema>;

/** The last good version of a feed on disk, and what is known of it. Damage counts as absence. */
export class KeptFeed {
  /** The last good version as it was fetched. */
  readonly path: string;
  /** Where the next one is fetched to, before it is known to be good. */
  readonly candidatePath: string;
  readonly #folder: string;
  readonly #notePath: string;

  constructor(folder: string, feed: string) {
    this.#folder = folder;
    this.path = join(folder, `${feed}.feed`);
    this.candidatePath = join(folder, `${feed}.candidate`);
    this.#notePath = join(folder, `${feed}.json`);
  }

  async note(): Promise<FeedNote | undefined> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    try {
      return noteSchema.parse(JSON.parse(await readFile(this.#notePath, 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** The candidate is good and takes the place of the last. */
  async accept(note: FeedNote): Promise<void> {
    await rename(this.candidatePath, this.path);
    await this.write(note);
  }

  async write(note: FeedNote): Promise<void> {
    await writeFile(`${this.#notePath}.new`, JSON.stringify(note), { mode: 0o600, flush: true });
    await rename(`${this.#notePath}.new`, this.#notePath);
  }

  async discard(): Promise<void> {
    await rm(this.candidatePath, { force: true });
  }
}
