import { isEbbtideError } from '../../schemas/errors.ts';
import type { Running } from '../context.ts';
import { exitCodes } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** Time for a clean end, milliseconds; less than what orchestrators are told to give. */
export const longestCloseMs = 25_000;

/** Something that can be closed, in the order in which it must happen. */
export interface Closable {
  readonly name: string;
  close(): Promise<void>;
}

/**
 * Wait until a signal asks for the end or a part fails, then close everything, last started first.
 *
 * A second signal ends the process at once. So does the end of the grace.
 *
 * @param parts - what runs; a part's failure ends all of them, so that a supervisor can start anew
 * @param below - what the parts stand on, closed after them
 * @param graceMs - longest time for a clean end
 * @returns an exit status: 0 after SIGTERM or SIGINT, 1 after a failure
 */
export const untilStopped = async (
  parts: readonly Running[],
  below: readonly Closable[],
  { say }: Pick<Terminal, 'say'>,
  graceMs = longestCloseMs,
): Promise<number> => {
  let status: number = exitCodes.ok;
  await new Promise<void>((resolve) => {
    let asked = false;
    const ask = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(exitCodes.interrupted);
      asked = true;
      say(
        `${signal === 'SIGINT' ? 'Interrupted' : 'Asked to stop'}; finishing what was begun (once more ends at once)`,
      );
      resolve();
    };
    process.on('SIGINT', ask).on('SIGTERM', ask);
    for (const part of parts)
      part.failed.catch((error: unknown) => {
        say(`${part.name} failed: ${isEbbtideError(error) ? error.message : String((error as Error).stack ?? error)}`);
        status = exitCodes.failed;
        asked = true;
        resolve();
      });
  });
  const clean = await closeInTime([...below, ...parts], say, graceMs);
  return clean ? status : exitCodes.failed;
};

/** {@link closeAll}; what is not closed by the end of the grace ends with the process, at once. */
export const closeInTime = async (
  all: readonly Closable[],
  say: (line: string) => void,
  graceMs = longestCloseMs,
): Promise<boolean> => {
  const overdue = setTimeout(() => {
    say(
      `Not finished after ${graceMs / 1000} s; ending anyway. What was not committed is read again at the next start`,
    );
    process.exit(exitCodes.failed);
  }, graceMs);
  try {
    return await closeAll(all, say);
  } finally {
    clearTimeout(overdue);
  }
};

/** Close the last first; one that fails to close is told of and does not keep the others open. */
export const closeAll = async (all: readonly Closable[], say: (line: string) => void): Promise<boolean> => {
  let clean = true;
  for (const one of all.toReversed()) {
    try {
      await one.close();
    } catch (error) {
      clean = false;
      say(`${one.name} did not close cleanly: ${(error as Error).message}`);
    }
  }
  return clean;
};
