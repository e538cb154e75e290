import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './places.mjs';
import { runMain, SetupError } from './say.mjs';
import { setUp } from './setup.mjs';

const folder = join(root, 'dist', 'test', 'bench');

/** Benchmarks are the files of `test/bench/` but for `report`; what they share lies in folders below. */
const names = () =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.js') && !name.endsWith('.test.js') && name !== 'report.js')
        .map((name) => name.slice(0, -3))
    : [];

await runMain(async () => {
  await setUp();
  const [name, ...args] = process.argv.slice(2);
  if (!name || name.startsWith('-')) {
    process.stdout.write(`Usage: npm run bench -- <name> [--json]\n\nBenchmarks: ${names().join(', ') || 'none'}\n`);
    return name && name !== '--help' ? 2 : 0;
  }
  if (!names().includes(name))
    throw new SetupError(`No benchmark is called ${name}; there are ${names().join(', ') || 'none'}`);
  const child = spawn(process.execPath, ['--expose-gc', join(folder, `${name}.js`), ...args], {
    stdio: 'inherit',
    cwd: root,
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
});
