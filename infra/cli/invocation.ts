import type { Command } from 'commander';
import type { LoadedConfig } from '../config/load.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** What an action is given: where to speak, and the configuration when it asks for it. */
export interface Invocation {
  readonly terminal: Terminal;
  /** Read and check the configuration. */
  load(): Promise<LoadedConfig>;
}

/** One action's work; its options and arguments as commander read them. Returns an exit status, by default 0. */
export type Action<Options, Arguments extends readonly unknown[] = readonly []> = (
  invocation: Invocation,
  options: Options,
  ...values: Arguments
  // biome-ignore lint/suspicious/noConfusingVoidType: most actions have no status of their own to tell
) => Promise<number | void>;

interface GlobalOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * Run an action that is imported only now, so that `--help` needs none of what actions import.
 *
 * @param load - imports the module with the action
 */
export const lazily =
  // biome-ignore lint/suspicious/noExplicitAny: commander hands over whatever the definition declares
    <Run extends Action<any, any>>(load: () => Promise<{ run: Run }>) =>
    async (...parameters: unknown[]): Promise<void> => {
      const command = parameters.at(-1) as Command;
      const { config, json, ...options } = command.optsWithGlobals<GlobalOptions & Record<string, unknown>>();
      const invocation: Invocation = {
        terminal: createTerminal({ json: json ?? false }),
        load: async () => (await import('../config/load.ts')).loadConfig(config),
      };
      const { run } = await load();
      process.exitCode = (await run(invocation, options, ...parameters.slice(0, -2))) ?? 0;
    };
