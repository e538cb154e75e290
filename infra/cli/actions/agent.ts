import { spawn } from 'node:child_process';
import { agentNodeOptions, agentProgram } from '../../agents/host/node-options.ts';
import { exitCodes } from '../exit.ts';
import type { Action } from '../invocation.ts';

/** The agent is a process of its own that loads next to nothing; this one only waits for it. */
export const run: Action<object> = async ({ load }) => {
  const { file } = await load();
  const child = spawn(
    process.execPath,
    [...agentNodeOptions.flags, agentProgram(), ...(file ? ['--config', file] : [])],
    {
      stdio: 'inherit',
      env: { ...process.env, ...agentNodeOptions.environment },
    },
  );
  // The terminal's Ctrl-C reaches the child by itself
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve(code ?? (signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.failed)),
    );
  });
};
