import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Person } from './person.ts';

/** The user of this machine, who may do everything. */
export const localPerson = (): Person => {
  const name = userInfo().username;
  return { id: `link:${name}`, name, role: 'administrator', how: 'link', owner: `link:${name}` };
};

/**
 * A link with a random key, which works once; then there is another.
 *
 * Used once, because a link stands in the browser's arguments, where other users of the machine can read it.
 */
export class OneTimeLink {
  readonly #base: string;
  readonly #file: string | undefined;
  #key = randomKey();

  /**
   * @param base - address of the console, e.g. `http://127.0.0.1:7070`
   * @param file - file, readable by its owner alone, that always holds the next link
   */
  constructor(base: string, file?: string) {
    this.#base = base;
    this.#file = file;
    this.#publish();
  }

  /** The link that works next. */
  get link(): string {
    return `${this.#base}/?key=${this.#key}`;
  }

  /** Use a key up. @returns false when it is wrong or used */
  use(key: string): boolean {
    if (!same(key, this.#key)) return false;
    this.#key = randomKey();
    this.#publish();
    return true;
  }

  #publish(): void {
    if (!this.#file) return;
    // One that is there would keep its mode, and be written through where it is a link: a fresh one takes its place
    const fresh = `${this.#file}.new`;
    rmSync(fresh, { force: true });
    writeFileSync(fresh, `${this.link}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(fresh, this.#file);
  }
}

const randomKey = (): string => randomBytes(24).toString('base64url');
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const same = (left: string, right: string): boolean => timingSafeEqual(digest(left), digest(right));
