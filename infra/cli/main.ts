import { CommanderError } from 'commander';
import { isEbbtideError } from '../../schemas/errors.ts';
import { exitCodeOf, exitCodes } from './exit.ts';
import { createProgram } from './program.ts';
import { createTerminal } from './terminal.ts';

/**
 * Run the command line and return its exit status.
 *
 * @param argv - arguments after the program's name
 * @example
 * process.exitCode = await main(['doctor', '--json']);
 */
export const main = async (argv: readonly string[]): Promise<number> => {
  const program = createProgram();
  const { say } = createTerminal();
  refuseToExit(program);
  try {
    await program.parseAsync(argv.length > 0 ? argv : ['--help'], { from: 'user' });
    return Number(process.exitCode ?? exitCodes.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    say(isEbbtideError(error) ? error.message : ((error as Error).stack ?? String(error)));
    return exitCodeOf(error);
  }
};

/** Commander ends the process by itself otherwise, before streams are flushed. */
const refuseToExit = (command: ReturnType<typeof createProgram>): void => {
  command.exitOverride();
  for (const child of command.commands) refuseToExit(child);
};

// A reader that goes away, as in "ebbtide query … | head", is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

const status = await main(process.argv.slice(2));
// Connections that a failed start left behind must not keep the process alive
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()));
await Promise.all([process.stdout, process.stderr].map(flushed));
process.exit(status);
