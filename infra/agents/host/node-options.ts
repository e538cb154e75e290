import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../paths.ts';

/**
 * How to start Node for `main.ts` so that it stays small: bytecode only, small generations, no helper threads, one
 * malloc arena. The script `ebbtide-agent` says the same. Without them the agent takes 7 MB more.
 *
 * @example
 * spawn(process.execPath, [...agentNodeOptions.flags, agentProgram()], { env: { ...process.env, ...agentNodeOptions.environment } });
 */
export const agentNodeOptions = {
  flags: [
    '--max-semi-space-size=1',
    '--max-old-space-size=32',
    '--optimize-for-size',
    '--single-threaded',
    '--no-opt',
    '--no-sparkplug',
  ],
  environment: { MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '1' },
} as const;

/** The agent's own program: the bundle, or where there is none the file it is made from. */
export const agentProgram = (): string => {
  const bundle = join(packageRoot(), 'dist', 'agent', 'main.cjs');
  return existsSync(bundle) ? bundle : join(packageRoot(), 'dist', 'infra', 'agents', 'host', 'main.js');
};
