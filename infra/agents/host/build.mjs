import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');

/** The host agent as one file. */
export const agentBundle = join(root, 'dist', 'agent', 'main.cjs');

/**
 * Bundle the host agent into `dist/agent/main.cjs`. It needs the compiled `dist/infra` beside it when it starts.
 *
 * @returns {Promise<void>} resolves once the file is there: it is put there in one step
 */
export const build = async () => {
  const { build: bundle } = await import('esbuild');
  const fresh = `${agentBundle}.${process.pid}`;
  mkdirSync(dirname(agentBundle), { recursive: true });
  await bundle({
    entryPoints: [join(here, 'main.ts')],
    outfile: fresh,
    bundle: true,
    minifySyntax: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.18',
    logLevel: 'warning',
  });
  renameSync(fresh, agentBundle);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
