import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from './exec.mjs';
import { setupFolder } from './places.mjs';
import { duration, SetupError, say, step } from './say.mjs';
import { fileMark, readStamp, updateStamp } from './stamp.mjs';
import { tensorflow } from './tensorflow.mjs';
import { webgpu } from './webgpu.mjs';

/**
 * An optional runtime for models.
 *
 * @typedef {object} OptionalRuntime
 * @property {string[]} packages - what npm installs, pinned
 * @property {string} about - how long that takes, and how much it is
 * @property {string} binary - native binary that tells whether it is in place, below the runtime's folder
 * @property {(folder: string) => Promise<void>} complete - obtains what npm alone does not bring
 * @property {string} probe - a program that ends well, and says what it found, when the runtime works
 */

/** @type {Record<string, OptionalRuntime>} */
const runtimes = { tensorflow, webgpu };

/** Names that `--runtime` takes. */
export const runtimeNames = Object.keys(runtimes);

/** Packages of which the project has its own copy: a second one would register every kernel twice. */
const shared = ['tfjs-core', 'tfjs-layers', 'tfjs-backend-cpu'];

const install = async (name, folder) => {
  const { packages } = runtimes[name];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ name: `ebbtide-${name}`, private: true })}\n`);
  await run('npm', ['install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', ...packages], {
    cwd: folder,
    timeoutMs: 600_000,
    log: `runtime-${name}`,
    purpose: `The runtime ${name} could not be installed`,
  });
};

/**
 * Have an optional runtime for models in `.ebbtide/runtimes/<name>`, where it is looked for at start. The packages of the
 * project stay as they are.
 *
 * @param {string} name - one of {@link runtimeNames}
 */
export const ensureRuntime = async (name) => {
  const wanted = runtimes[name];
  if (!wanted) throw new SetupError(`No runtime is called ${name}; there are ${runtimeNames.join(' and ')}`);
  const folder = setupFolder('runtimes', name);
  const binary = join(folder, 'node_modules', wanted.binary);
  const probe = () => tryRun(process.execPath, ['-e', wanted.probe], { cwd: folder, timeoutMs: 120_000 });
  const lastLine = (text) => text.trim().split('\n').at(-1) ?? '';
  const mark = () => `${wanted.packages.join(' ')} ${process.version} ${fileMark(binary)}`;
  if (existsSync(binary) && readStamp().runtimes?.[name] === mark()) {
    say(`Runtime ${name} is in place`);
    return;
  }
  const start = performance.now();
  if (!existsSync(binary) || !(await probe()).ok) {
    await step(`Installing packages of the runtime ${name}, ${wanted.about}`, '10 s', () => install(name, folder));
    await wanted.complete(folder);
    for (const copy of shared)
      rmSync(join(folder, 'node_modules', '@tensorflow', copy), { recursive: true, force: true });
  }
  const answer = await probe();
  if (!answer.ok)
    throw new SetupError(
      `The runtime ${name} is installed in ${folder}, but does not start:\n  ${answer.output.trim()}`,
    );
  updateStamp({ runtimes: { ...readStamp().runtimes, [name]: mark() } });
  say(`Runtime ${name}: ${lastLine(answer.output)}, after ${duration(performance.now() - start)}`);
};
