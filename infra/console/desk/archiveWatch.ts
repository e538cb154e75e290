import { EbbtideError, isEbbtideError } from '../../../schemas/errors.ts';
import type { DeskArchive } from '../../clickhouse/desk.ts';
import type { Logger } from '../../log.ts';
import type { DeskView } from '../view/desk.ts';

const checkMs = 5_000;

/** Knows whether the archive answers: asked every few seconds, and told by whoever asked for more and got nothing. */
export class ArchiveWatch {
  readonly #archive: DeskArchive | undefined;
  readonly #log: Logger;
  readonly #now: () => number;
  #checkedAt = 0;
  #asking = false;
  readonly #silenceMs: number;
  /** Whoever waits for an answer need not once the archive is away. */
  readonly #waiting = new Set<() => void>();
  state: DeskView['archive'];
  since: number | null = null;

  /** @param silenceMs - an archive that says nothing for this time is away, milliseconds */
  constructor(archive: DeskArchive | undefined, log: Logger, now: () => number, silenceMs = checkMs) {
    this.#archive = archive;
    this.#log = log;
    this.#now = now;
    this.#silenceMs = silenceMs;
    this.state = archive ? 'there' : 'none';
  }

  /** Ask whether it answers, at most once in a few seconds; one that is silent for as long counts as away. */
  async check(): Promise<void> {
    if (!this.#archive || this.#asking || this.#now() - this.#checkedAt < checkMs) return;
    this.#asking = true;
    this.#checkedAt = this.#now();
    const late = setTimeout(
      () => this.#isAway(new EbbtideError('CLICKHOUSE_UNAVAILABLE', `No answer within ${this.#silenceMs} ms`)),
      this.#silenceMs,
    ).unref();
    await this.#ask((archive) => archive.ping());
    clearTimeout(late);
    this.#asking = false;
  }

  /**
   * Ask the archive for something. While it is known to be away, nothing is asked: whoever looks at a page does not wait.
   *
   * @returns undefined when there is none, it refuses, or it does not answer; that it does not is known from now on
   */
  attempt<T>(ask: (archive: DeskArchive) => Promise<T>): Promise<T | undefined> {
    if (this.state !== 'there') return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const leave = () => resolve(undefined);
      this.#waiting.add(leave);
      void this.#ask(ask).then((answer) => {
        this.#waiting.delete(leave);
        resolve(answer);
      });
    });
  }

  async #ask<T>(ask: (archive: DeskArchive) => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await ask(this.#archive!);
      this.#isThere();
      return answer;
    } catch (error) {
      if (isEbbtideError(error) && error.code === 'CLICKHOUSE_REJECTED') {
        this.#log.error({ err: error }, 'The archive refused what the console asked of it');
        this.#isThere();
      } else this.#isAway(error);
      return undefined;
    }
  }

  #isThere(): void {
    if (this.state === 'away') this.#log.info('The archive answers again');
    this.state = 'there';
    this.since = null;
  }

  #isAway(error: unknown): void {
    if (this.state === 'away') return;
    this.#log.warn({ err: error }, 'The archive does not answer; the console shows what comes live');
    this.since = this.#now();
    this.state = 'away';
    for (const leave of this.#waiting) leave();
    this.#waiting.clear();
  }
}
