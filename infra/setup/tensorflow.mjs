import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { installDebianPackages } from './debian.mjs';
import { onPath, run, tryRun } from './exec.mjs';
import { findHeaders } from './headers.mjs';
import { SetupError, say, step } from './say.mjs';

const packageName = join('@tensorflow', 'tfjs-node');
const binary = join(packageName, 'lib', 'napi-v8', 'tfjs_binding.node');

/** The wheel that carries TensorFlow's C library and headers for Linux, pinned by what is in it. */
const wheel = {
  requirement: 'tensorflow-cpu==2.15.1',
  python: '3.11',
  sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
  platform: 'linux-x64',
};
/** Where tfjs-node's own install script fetches the library from. */
const download = 'https://storage.googleapis.com/tensorflow/';

/** Takes two libraries and the headers of the C interface out of the wheel; all of it would be a gigabyte. */
const extractScript = String.raw`
import re, sys, zipfile
wanted = re.compile(
    r'tensorflow/(libtensorflow_(cc|framework)\.so\.2$'
    r'|include/tensorflow/c/([^/]*|eager/c_api)\.h$'
    r'|include/tensorflow/core/platform/ctstring[^/]*\.h$'
    r'|include/((tensorflow|xla)/)?tsl/(c/tsl_status|platform/ctstring[a-z_]*)\.h$)')
with zipfile.ZipFile(sys.argv[1]) as archive:
    archive.extractall(sys.argv[2], [name for name in archive.namelist() if wanted.match(name)])
`;

const canDownload = async () => {
  try {
    await fetch(download, { method: 'HEAD', signal: AbortSignal.timeout(5_000) });
    return true;
  } catch {
    return false;
  }
};

/** Let the package's own script fetch library and binding. */
const fetchPrebuilt = async (folder) => {
  const answer = await tryRun('npm', ['rebuild', '@tensorflow/tfjs-node'], {
    cwd: folder,
    timeoutMs: 600_000,
    log: 'tensorflow-prebuilt',
  });
  return answer.ok && existsSync(join(folder, 'node_modules', binary));
};

const fetchLibrary = async (target) => {
  mkdirSync(target, { recursive: true });
  const work = mkdtempSync(join(target, 'download-'));
  try {
    writeFileSync(join(work, 'requirements.txt'), `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
    const flags = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes', '--disable-pip-version-check'];
    const place = ['--python-version', wheel.python, '-r', join(work, 'requirements.txt'), '-d', work];
    await run('python3', ['-m', 'pip', 'download', ...flags, ...place], {
      timeoutMs: 900_000,
      log: 'tensorflow-wheel',
      purpose: 'The TensorFlow library could not be downloaded',
    });
    const archive = join(work, readdirSync(work).find((name) => name.endsWith('.whl')) ?? '');
    await run('python3', ['-c', extractScript, archive, work], { purpose: 'TensorFlow could not be unpacked' });
    const libraries = join(target, 'lib');
    mkdirSync(libraries, { recursive: true });
    renameSync(join(work, 'tensorflow', 'include'), join(target, 'include'));
    for (const name of ['libtensorflow_cc', 'libtensorflow_framework'])
      renameSync(join(work, 'tensorflow', `${name}.so.2`), join(libraries, `${name}.so.2`));
    // The linker looks for these names; the wheel calls the library with the C interface by another.
    symlinkSync('libtensorflow_cc.so.2', join(libraries, 'libtensorflow.so'));
    symlinkSync('libtensorflow_framework.so.2', join(libraries, 'libtensorflow_framework.so'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

const buildBinding = async (addon) => {
  const headers = await findHeaders();
  await run('npm', ['run', '--silent', 'build-addon-from-source'], {
    cwd: addon,
    env: { npm_config_nodedir: headers },
    timeoutMs: 900_000,
    log: 'tensorflow-build',
    purpose: "Building TensorFlow's binding for Node",
  });
  rmSync(join(addon, 'build'), { recursive: true, force: true });
};

const complete = async (folder) => {
  if (process.env.EBBTIDE_BUILD_ADDON !== '1' && (await canDownload())) {
    if (await step('Fetching the TensorFlow library', '1 min', () => fetchPrebuilt(folder))) return;
    say('That did not work; its log is .ebbtide/logs/tensorflow-prebuilt.log');
  }
  const here = `${process.platform}-${process.arch}`;
  if (here !== wheel.platform)
    throw new SetupError(`The TensorFlow library can be fetched from ${download} alone on ${here}`);
  const missing = ['make', 'g++', 'python3'].filter((tool) => !onPath(tool));
  if (missing.length > 0) await installDebianPackages(missing, 'Building the binding of TensorFlow');
  if (!(await tryRun('python3', ['-m', 'pip', '--version'])).ok)
    await installDebianPackages(['python3-pip'], 'Fetching TensorFlow');
  const addon = join(folder, 'node_modules', packageName);
  for (const old of ['deps', 'lib', 'build']) rmSync(join(addon, old), { recursive: true, force: true });
  await step('Fetching the TensorFlow library in the wheel of PyPI, 207 MB', '1 min', () =>
    fetchLibrary(join(addon, 'deps')),
  );
  await step("Building TensorFlow's binding for Node", '20 s', () => buildBinding(addon));
};

/** TensorFlow on the CPU through `@tensorflow/tfjs-node`; for CUDA see docs/models.md. */
export const tensorflow = {
  packages: ['@tensorflow/tfjs-node@4.22.0'],
  about: '230 MB on disk, and 590 MB of TensorFlow itself',
  binary,
  complete,
  // Node 23 removed a helper that tfjs-node calls
  probe: `
process.env.TF_CPP_MIN_LOG_LEVEL = '2';
require('node:util').isNullOrUndefined ??= (value) => value == null;
const tf = require('@tensorflow/tfjs-node');
if (tf.matMul([[2]], [[3]]).dataSync()[0] !== 6) throw new Error('2 × 3 is not 6');
console.log('TensorFlow ' + tf.backend().binding.TF_Version + ' on the CPU');`,
};
