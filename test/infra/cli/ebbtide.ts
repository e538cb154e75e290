import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const extension = extname(import.meta.url);
const main = fileURLToPath(new URL(`../../../infra/cli/main${extension}`, import.meta.url));
const loader = extension === '.ts' ? ['--import', 'tsx'] : [];

/** What a run of the command line came to. */
export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Start the command line as a process of its own, as users do. */
export const startEbbtide = (args: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  spawn(process.execPath, [...loader, main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, EBBTIDE_LOG: 'warn', NO_COLOR: '', FORCE_COLOR: '', ...environment },
  });

/** Run the command line to its end. */
export const ebbtide = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Run> =>
  new Promise((resolve, reject) => {
    const child = startEbbtide(args, environment);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
