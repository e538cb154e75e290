import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './exec.mjs';
import { isInstalled, packageFolder, root } from './places.mjs';
import { SetupError, step } from './say.mjs';
import { fileMark, readStamp, treeMark, updateStamp } from './stamp.mjs';

const rooms = ['schemas', 'operators', 'models', 'pipelines', 'infra', 'test'];
const dist = join(root, 'dist');
const agentBuilds = ['host', 'browser'].map((agent) => join(root, 'infra', 'agents', agent, 'build.mjs'));
const consoleBuild = join(root, 'infra', 'console', 'build.mjs');

const sourceMark = () =>
  `${treeMark(rooms, (name) => name.endsWith('.ts'))}:${fileMark(join(root, 'tsconfig.json'))}:${fileMark(packageFolder('typescript', 'package.json'))}`;
const consoleMark = () => (existsSync(consoleBuild) ? treeMark(['infra/console'], () => true) : 'none');

/** Whether `dist/` is known to be as new as the sources: cheap, for every start. */
export const buildReady = (stamp = readStamp()) =>
  isInstalled || (existsSync(dist) && stamp.build === sourceMark() && stamp.console === consoleMark());

/** Remove compiled files whose source is gone: a deleted test must not run for ever. */
const prune = (folder) => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) prune(path);
    else if (/\.js(\.map)?$/.test(entry.name)) {
      const source = join(root, relative(dist, path).replace(/\.js(\.map)?$/, '.ts'));
      if (!existsSync(source)) rmSync(path);
    }
  }
  if (folder !== dist && readdirSync(folder).length === 0) rmdirSync(folder);
};

const compile = async () => {
  if (!existsSync(join(dist, '.tsbuildinfo'))) rmSync(dist, { recursive: true, force: true });
  const tsc = packageFolder('typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', join(root, 'tsconfig.json')], {
    log: 'tsc',
    purpose: 'The sources do not compile',
  });
  for (const room of rooms) if (existsSync(join(dist, room))) prune(join(dist, room));
};

const buildConsole = async () => {
  const module = await import(`${pathToFileURL(consoleBuild).href}?${fileMark(consoleBuild)}`);
  try {
    await module.build();
  } catch (error) {
    throw new SetupError(`The console page could not be built: ${error.message}`);
  }
};

/** Compile TypeScript into `dist/` and bundle the console's page, when their sources changed. */
export const ensureBuild = async () => {
  if (buildReady()) return;
  const marks = { build: sourceMark(), console: consoleMark() };
  const stamp = readStamp();
  if (stamp.build !== marks.build || !existsSync(dist)) {
    await step('Compiling', '5 s', compile);
    for (const path of agentBuilds) await (await import(pathToFileURL(path).href)).build();
    updateStamp({ build: marks.build });
  }
  if (existsSync(consoleBuild) && (stamp.console !== marks.console || stamp.build !== marks.build)) {
    await step('Bundling the console page', '1 s', buildConsole);
  }
  updateStamp(marks);
};
