import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');

/** The browser agent as one script. */
export const browserAgent = join(root, 'dist', 'agent', 'behaviour.js');

/**
 * Bundle the browser agent: one script without dependencies, for a `<script>` of any page.
 *
 * @param {string} file - where it goes, by default `dist/agent/behaviour.js`
 * @returns {Promise<void>} resolves once the file is there: it is put there in one step
 */
export const build = async (file = browserAgent) => {
  const { build: bundle } = await import('esbuild');
  const fresh = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  await bundle({
    entryPoints: [join(here, 'page', 'main.ts')],
    outfile: fresh,
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['chrome115', 'firefox115', 'safari16.4'],
    logLevel: 'warning',
  });
  renameSync(fresh, file);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
