import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './places.mjs';
import { runMain } from './say.mjs';
import { setUp } from './setup.mjs';

const main = join(root, 'dist', 'infra', 'cli', 'main.js');

/** Set up if needed, then be the CLI, in this very process so that signals and the terminal are its own. */
await runMain(async () => {
  await setUp();
  process.argv = [process.argv[0], main, ...process.argv.slice(2)];
  await import(pathToFileURL(main).href);
  return process.exitCode;
});
