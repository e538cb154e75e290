import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { mergeTotals, readFailedFiles } from './failed-files.mjs';
import { bringDown } from './kafka.mjs';
import { root } from './places.mjs';
import { runMain, SetupError } from './say.mjs';
import { setUp } from './setup.mjs';

/** Speed and real data sets are looked at by commands of their own. */
const excluded = ['bench', 'evaluation'];
/** Files at a time: each may have servers of its own, and waits for them much of the time. */
const concurrency = 3;
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

/** In CI, as many files that failed are run once more; more of them are no accident of a loaded machine. */
const runAgainAtMost = process.env.CI ? 3 : 0;

/** node's own runner in a process of its own; its code, its totals, and the files in which a test failed. */
const runOnce = async (files, options, parallel) => {
  const report = join(mkdtempSync(join(tmpdir(), 'ebbtide-tests-')), 'report.jsonl');
  const flags = [
    '--test',
    `--test-concurrency=${parallel}`,
    `--test-timeout=${fileTimeoutMs}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${new URL('failed-files.mjs', import.meta.url)}`,
    `--test-reporter-destination=${report}`,
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
  const interrupt = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, interrupt);
  const [code, signal] = await new Promise((resolve) => child.once('exit', (...end) => resolve(end)));
  for (const each of signals) process.off(each, interrupt);
  const text = existsSync(report) ? readFileSync(report, 'utf8') : '';
  rmSync(dirname(report), { recursive: true });
  return { code: code ?? 1, interrupted: signal !== null, ...readFailedFiles(text) };
};

/** @returns {Promise<number>} 0 when every test passed, at the latest when its file was run again, alone */
const runTests = async (files, options) => {
  const first = await runOnce(files, options, concurrency);
  const { failed } = first;
  if (first.code === 0 || first.interrupted || failed.length === 0 || failed.length > runAgainAtMost) return first.code;
  // A test that another file defines is named by that one, which tests nothing when it runs alone
  if (failed.some((file) => !files.includes(file))) return first.code;

  const names = failed.map((file) => relative(join(root, 'dist', 'test'), file)).join(', ');
  console.log(`\nOnce more, one by one: ${names}\n`);
  const again = await runOnce(failed, options, 1);
  console.log(
    again.code === 0
      ? `\nFLAKY: ${names} failed among the others and passed alone. That is a defect of a test or of what it tests.\n`
      : `\n${names} failed twice.\n`,
  );
  for (const [name, count] of Object.entries(mergeTotals(first.totals, again.totals)))
    console.log(`ℹ ${name} ${count}`);
  return again.code;
};

/** `npm test [-- <part of a path>… --<option of node's test runner>…]` */
await runMain(async () => {
  const args = process.argv.slice(2);
  refuseOnly();
  await setUp();
  const files = choose(args.filter((arg) => !arg.startsWith('--')));
  try {
    const options = args.filter((arg) => arg.startsWith('--'));
    return (await runTests(files, options)) === 0 ? 0 : 1;
  } finally {
    await bringDown({ owner: process.pid });
  }
});
