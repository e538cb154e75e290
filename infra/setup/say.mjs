const prefix = process.stderr.isTTY ? '\u001b[36mebbtide\u001b[0m' : 'ebbtide';

/** Write one line of progress to standard error, where it disturbs no output meant for a program. */
export const say = (line) => process.stderr.write(`${prefix} ${line}\n`);

/** `850 ms`, `12 s` or `3 min 5 s`. */
export const duration = (ms) => {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/**
 * Say what begins and about how long it takes, do it, and say how long it took.
 *
 * @param {string} what - what is done, e.g. `Installing packages`
 * @param {string} about - the expected time in words
 * @param {() => Promise<T>} work
 * @param {(result: T) => string} outcome - how it ended, in a word or two
 * @returns {Promise<T>}
 * @template T
 */
export const step = async (what, about, work, outcome = () => 'done') => {
  const start = performance.now();
  say(`${what} (about ${about}) …`);
  const result = await work();
  say(`${what}: ${outcome(result)} in ${duration(performance.now() - start)}`);
  return result;
};

/** A failure of the set-up, whose message tells the user what to do. */
export class SetupError extends Error {
  name = 'SetupError';
}

/**
 * Run the main function of a script: a {@link SetupError} ends it with its message alone, anything else with its stack.
 *
 * @param {() => Promise<number | void>} main - returns the exit code, by default 0
 */
export const runMain = async (main) => {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${error instanceof SetupError ? `${prefix} ${error.message}` : error.stack}\n`);
    process.exitCode = 1;
  }
};
