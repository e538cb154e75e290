import { spawn } from 'node:child_process';
import { accessSync, constants, createWriteStream, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root, setupFolder } from './places.mjs';
import { SetupError } from './say.mjs';

const keptLines = 15;

/**
 * Run a command to its end, its output in a log below `.ebbtide/logs/`.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, timeoutMs?: number, log?: string, input?: string }} [options]
 *   `log` names the log file; without it nothing is written
 * @returns {Promise<{ ok: boolean, code: number | null, timedOut: boolean, output: string, logFile: string | undefined }>}
 *   never rejects: a command that is missing is an answer too
 */
export const tryRun = (command, args, { cwd = root, env = {}, timeoutMs, log, input = '' } = {}) =>
  new Promise((resolve) => {
    const logFile = log ? setupFolder('logs', `${log}.log`) : undefined;
    if (logFile) mkdirSync(setupFolder('logs'), { recursive: true });
    const sink = logFile ? createWriteStream(logFile) : undefined;
    let output = '';
    const collect = (chunk) => {
      sink?.write(chunk);
      output = (output + chunk).slice(-65_536);
    };
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe', detached: true });
    let timedOut = false;
    const endGroup = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    };
    const onTimeout = () => {
      timedOut = true;
      endGroup();
    };
    const timer = timeoutMs && setTimeout(onTimeout, timeoutMs);
    const onSignal = (signal) => {
      endGroup();
      process.kill(process.pid, signal);
    };
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    const finish = (code) => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      const answer = { ok: code === 0 && !timedOut, code, timedOut, output, logFile };
      if (sink) sink.end(() => resolve(answer));
      else resolve(answer);
    };
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.once('error', (error) => {
      collect(`${error.message}\n`);
      finish(127);
    });
    child.once('close', (code) => finish(code));
  });

/** As {@link tryRun}, but a failure becomes a {@link SetupError} with the last lines of output. */
export const run = async (command, args, options = {}) => {
  const answer = await tryRun(command, args, options);
  if (answer.ok) return answer;
  const why = answer.timedOut ? `did not end within ${options.timeoutMs} ms` : `ended with code ${answer.code}`;
  const tail = answer.output.trimEnd().split('\n').slice(-keptLines).join('\n  ');
  const where = answer.logFile ? `\nThe whole output is in ${answer.logFile}` : '';
  throw new SetupError(`${options.purpose ?? command}: "${[command, ...args].join(' ')}" ${why}\n  ${tail}${where}`);
};

/** The path of an executable on PATH, or undefined. */
export const onPath = (name) => {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (!folder) continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder: look in the next
    }
  }
  return undefined;
};
