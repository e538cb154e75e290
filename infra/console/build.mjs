import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as buildAgent } from '../agents/browser/build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const output = join(root, 'dist', 'console');

const newestIn = (folder) =>
  Math.max(
    ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newestIn(path) : statSync(path).mtimeMs;
    }),
  );

/** Whether the page in `dist/console` is as new as its sources. */
export const isBuilt = () => {
  const stamp = join(output, 'index.html');
  if (!existsSync(stamp)) return false;
  const sources = Math.max(
    newestIn(join(here, 'page')),
    newestIn(join(here, 'view')),
    newestIn(join(root, 'infra', 'agents', 'browser')),
    statSync(join(here, 'build.mjs')).mtimeMs,
  );
  return statSync(stamp).mtimeMs >= sources;
};

/**
 * Bundle the console's page into `dist/console`, when its sources are newer than that.
 *
 * @returns {Promise<void>} resolves once `dist/console` holds a whole page: it is put there in one step
 */
export const build = async () => {
  if (isBuilt()) return;
  const { build: bundle } = await import('esbuild');
  const fresh = `${output}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await bundle({
    entryPoints: { app: join(here, 'page', 'main.tsx'), style: join(here, 'page', 'styles', 'index.css') },
    outdir: fresh,
    bundle: true,
    // Each page is loaded when it is first opened
    splitting: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    chunkNames: '[name]-[hash]',
    minify: true,
    format: 'esm',
    target: ['chrome115', 'firefox115', 'safari16.4'],
    loader: { '.woff2': 'file' },
    assetNames: '[name]',
    logLevel: 'warning',
  });
  // The page about behaviour is watched by the agent that login pages take
  await buildAgent(join(fresh, 'behaviour.js'));
  for (const name of ['favicon.svg', 'index.html'])
    writeFileSync(join(fresh, name), readFileSync(join(here, 'page', name)));
  rmSync(output, { recursive: true, force: true });
  try {
    renameSync(fresh, output);
  } catch (error) {
    // Another process built the same at the same time
    rmSync(fresh, { recursive: true, force: true });
    if (!isBuilt()) throw error;
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
