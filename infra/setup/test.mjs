import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { bringDown } from './kafka.mjs';
import { root } from './places.mjs';
import { runMain, SetupError } from './say.mjs';
import { setUp } from './setup.mjs';

/** Speed and real data sets are looked at by commands of their own. */
const excluded = ['bench', 'evaluation'];
/** Two files at a time: each may have servers of its own. */
const concurrency = 2;
const fileTimeoutMs = 6 * 60_000;

const filesBelow = (folder, ending) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith(ending) && !excluded.includes(name.split(sep)[0]))
        .map((name) => join(folder, name))
        .sort()
    : [];

/** A forgotten `.only` would silently drop every other test. */
const refuseOnly = () => {
  const pattern = /\b(?:test|it|describe|suite)\.only\b|\bonly:\s*true/;
  const offenders = filesBelow(join(root, 'test'), '.test.ts').filter((file) =>
    pattern.test(readFileSync(file, 'utf8')),
  );
  if (offenders.length === 0) return;
  throw new SetupError(
    `Tests must not be narrowed with "only": ${offenders.map((file) => relative(root, file)).join(', ')}`,
  );
};

const choose = (filters) => {
  const folder = join(root, 'dist', 'test');
  const names = filters.map((filter) =>
    filter
      .replace(/\\/g, '/')
      .replace(/^\.?\/?(?:dist\/)?(?:test\/)?/, '')
      .replace(/(?:\.test)?\.[jt]s$/, ''),
  );
  const files = filesBelow(folder, '.test.js').filter(
    (file) => names.length === 0 || names.some((name) => relative(folder, file).replaceAll(sep, '/').includes(name)),
  );
  if (files.length === 0) throw new SetupError(`No test file matches ${filters.join(' ') || 'test/**/*.test.ts'}`);
  return files;
};

/** node's own runner in a process of its own, so that its closing summary and exit code are the last word. */
const runTests = async (files, options) => {
  const flags = [
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${fileTimeoutMs}`,
    '--test-reporter=spec',
  ];
  const child = spawn(process.execPath, [...flags, ...options, ...files], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      EBBTIDE_SERVICES_OWNER: String(process.pid),
      EBBTIDE_LOG: process.env.EBBTIDE_LOG ?? 'warn',
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve) => child.once('exit', (exitCode) => resolve(exitCode ?? 1)));
  await bringDown({ owner: process.pid });
  return code === 0 ? 0 : 1;
};

/** `npm test [-- <part of a path>… --<option of node's test runner>…]` */
await runMain(async () => {
  const args = process.argv.slice(2);
  refuseOnly();
  await setUp();
  const files = choose(args.filter((arg) => !arg.startsWith('--')));
  return runTests(
    files,
    args.filter((arg) => arg.startsWith('--')),
  );
});
