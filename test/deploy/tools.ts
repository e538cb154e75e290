import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { createProgram } from '../../infra/cli/program.ts';
import { packageRoot } from '../../infra/paths.ts';
import { loadSetup } from '../../infra/setup/load.ts';

interface DeployTools {
  findHelm(): string | undefined;
  findSchema(name: string): string | undefined;
  findKubernetesSchemas(): string | undefined;
}

/** What checks deployments, where it was fetched. */
export const deployTools = (): Promise<DeployTools> => loadSetup<DeployTools>('deploy-tools.mjs');

/**
 * What a tool came to, or undefined after the test was skipped for want of it.
 *
 * With `EBBTIDE_REQUIRE_DEPLOY_TOOLS=1` the test fails instead; CI does not set it, since not every machine may have these.
 */
export const orSkip = <T>(t: TestContext, found: T | undefined, what: string): T | undefined => {
  if (found !== undefined) return found;
  const fetchIt = 'fetch it with "node infra/setup/deploy-tools.mjs"';
  if (process.env.EBBTIDE_REQUIRE_DEPLOY_TOOLS === '1')
    throw new Error(`EBBTIDE_REQUIRE_DEPLOY_TOOLS=1 requires ${what}: ${fetchIt}`);
  t.skip(`Skipped without ${what}: ${fetchIt}`);
  return undefined;
};

/** A file of the repository, as text. */
export const fileText = (path: string): string => readFileSync(join(packageRoot(), path), 'utf8');

/** A YAML file of the repository, with its anchors and merges resolved. */
export const yamlFile = <T>(path: string): T => parse(fileText(path), { merge: true }) as T;

/** Run a program to its end. */
export const runProgram = promisify(execFile);

/**
 * Whether the command line takes these arguments: parsed, and not run.
 *
 * @throws {Error} with commander's own words
 */
export const parseCommand = async (args: readonly string[]): Promise<void> => {
  const program = createProgram();
  const disarm = (command: typeof program): void => {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(disarm);
  };
  disarm(program);
  await program.parseAsync(args, { from: 'user' });
};

/** What `ebbtide run` or `ebbtide serve` may be told to start. */
export const partsOf = (command: 'run' | 'serve'): readonly string[] =>
  createProgram().commands.find((one) => one.name() === command)!.registeredArguments[0]!.argChoices!;
