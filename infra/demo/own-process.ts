import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hostAgentConfig } from '../agents/host/config.ts';
import { startHostAgent } from '../agents/host/start.ts';
import type { AppContext, Running } from '../context.ts';
import { dataFolder } from '../paths.ts';
import type { Behaviour } from './behaviour.ts';
import type { WorkerMessage } from './worker.ts';

/** A process of this machine that a real host agent watches. */
export interface OwnProcess extends Behaviour {
  readonly agent: Running;
  close(): Promise<void>;
}

const workerFile = fileURLToPath(import.meta.url).replace(/own-process\.(ts|js)$/, 'worker.$1');

/**
 * Start a worker as a child process, and a host agent that samples it.
 *
 * @throws {EbbtideError} `RUNTIME_MISSING` where this is not Linux
 */
export const startOwnProcess = async (context: AppContext): Promise<OwnProcess> => {
  const folder = dataFolder('demo-agent');
  const settings = { sampleMs: 100, flushMs: 250, resolveMs: 500, spoolFolder: folder, spoolBytes: 1_048_576 };
  const agent = await startHostAgent(context, hostAgentConfig.parse(settings));
  const child = fork(workerFile, [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, EBBTIDE_AGENT_SOCKET: agent.socketFile ?? '' },
  });
  let astray = false;
  const tell = (message: WorkerMessage): void => {
    if (child.connected) child.send(message);
  };
  const go = (wrong: boolean): void => {
    astray = wrong;
    tell({ astray });
  };
  return {
    agent,
    misbehaviour: 'handles thirty times as many requests, reads all it can and hoards memory, on this very machine',
    get isAnomalous() {
      return astray;
    },
    holds: (credentialId) => tell({ holds: credentialId }),
    calm: () => go(false),
    misbehave: () => go(true),
    next: () => undefined,
    close: async () => {
      if (child.connected) child.disconnect();
      await agent.close();
    },
  };
};
