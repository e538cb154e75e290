import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { EbbtideError } from '../../../schemas/errors.ts';
import { parseStat } from './parse.ts';

const identity = (pid: number | string): string | undefined => {
  try {
    return `${pid} ${parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.startTicks}`;
  } catch {
    return undefined;
  }
};

/**
 * Take a file as a sign that this process alone works in a folder; that of a process which is gone is taken over.
 *
 * @returns gives the lock back
 * @throws {EbbtideError} `CONFIG_INVALID` where another process holds it
 */
export const lockFile = (path: string): (() => void) => {
  const own = identity(process.pid)!;
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, own, { mode: 0o600 });
  try {
    for (;;) {
      try {
        // A link appears with its content, and fails where the name is taken.
        linkSync(draft, path);
        return () => unlinkSync(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readFileSync(path, 'latin1');
      const pid = holder.split(' ')[0]!;
      if (identity(pid) === holder)
        throw new EbbtideError(
          'CONFIG_INVALID',
          `The agent with process id ${pid} already uses this folder (${path}); stop it, or give this one another agent.spoolFolder`,
          { pid: Number(pid) },
        );
      unlinkSync(path);
    }
  } finally {
    unlinkSync(draft);
  }
};
