import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { tryRun } from './exec.mjs';
import { setupFolder } from './places.mjs';
import { say } from './say.mjs';

/** Whether a folder with `include/node` below it holds the C++ headers of the running Node's ABI. */
const matches = (folder) => {
  try {
    const text = readFileSync(join(folder, 'include', 'node', 'node_version.h'), 'utf8');
    return text.match(/^#define NODE_MODULE_VERSION (\d+)/m)?.[1] === process.versions.modules;
  } catch {
    return false;
  }
};

/**
 * Find the headers of the running Node, which an addon is compiled against.
 *
 * Official archives, container images and distributions have them beside the binary; npm's `node` package has them in
 * the package of the platform, which is fetched by itself as the last resort.
 *
 * @returns {Promise<string | undefined>} for `node-gyp --nodedir`; undefined leaves it to node-gyp, which downloads them
 */
export const findHeaders = async () => {
  const bin = dirname(process.execPath);
  const platformPackage = `node-${process.platform}-${process.arch}`;
  const candidates = [
    process.env.npm_config_nodedir,
    resolve(bin, '..'),
    resolve(bin, '..', 'node_modules', platformPackage),
    resolve(bin, '..', '..', platformPackage),
    setupFolder('headers', process.version),
  ].filter(Boolean);
  const found = candidates.find(matches);
  if (found) return found;

  const target = setupFolder('headers', process.version);
  say(`Fetching the C++ headers of Node ${process.version} from npm's package ${platformPackage} (about 10 s)`);
  mkdirSync(target, { recursive: true });
  const spec = `${platformPackage}@${process.versions.node}`;
  const packed = await tryRun('npm', ['pack', '--silent', '--pack-destination', target, spec], { timeoutMs: 180_000 });
  const archive = packed.output.trim().split('\n').at(-1) ?? '';
  if (packed.ok) {
    const args = ['-xzf', join(target, archive), '-C', target, '--strip-components=1', 'package/include'];
    await tryRun('tar', args, { timeoutMs: 60_000 });
    rmSync(join(target, archive), { force: true });
  }
  return matches(target) ? target : undefined;
};
