import { isEbbtideError } from '../../../schemas/errors.ts';
import type { Logger } from '../../log.ts';
import type { ConsolePorts } from '../ports.ts';
import type { DeskView } from '../view/desk.ts';

const checkMs = 5_000;

/** Knows whether the archive answers: asked every few seconds, and told by whoever asked for more and got nothing. */
export class ArchiveWatch {
  readonly #archive: ConsolePorts['archive'];
  readonly #log: Logger;
  readonly #now: () => number;
  #checkedAt = 0;
  #asking = false;
  state: DeskView['archive'];
  since: number | null = null;

  constructor(archive: ConsolePorts['archive'], log: Logger, now: () => number) {
    this.#archive = archive;
    this.#log = log;
    this.#now = now;
    this.state = archive ? 'there' : 'none';
  }

  /** Ask whether it answers, at most once in a few seconds. */
  async check(): Promise<void> {
    if (!this.#archive || this.#asking || this.#now() - this.#checkedAt < checkMs) return;
    this.#asking = true;
    await this.attempt((archive) => archive.ping());
    this.#checkedAt = this.#now();
    this.#asking = false;
  }

  /**
   * Ask the archive for something.
   *
   * @returns undefined when there is none, it refuses, or it does not answer; that it does not is known from now on
   */
  async attempt<T>(ask: (archive: NonNullable<ConsolePorts['archive']>) => Promise<T>): Promise<T | undefined> {
    if (!this.#archive) return undefined;
    try {
      const answer = await ask(this.#archive);
      if (this.state === 'away') this.#log.info('The archive answers again');
      this.state = 'there';
      this.since = null;
      return answer;
    } catch (error) {
      if (isEbbtideError(error) && error.code === 'CLICKHOUSE_REJECTED') {
        this.#log.error({ err: error }, 'The archive refused what the console asked of it');
        return undefined;
      }
      if (this.state === 'there') {
        this.#log.warn({ err: error }, 'The archive does not answer; the console shows what comes live');
        this.since = this.#now();
      }
      this.state = 'away';
      return undefined;
    }
  }
}
