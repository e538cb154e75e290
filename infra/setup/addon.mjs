import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { buildAddon } from './addon-build.mjs';
import { tryRun } from './exec.mjs';
import { packageFolder, runtimeKey } from './places.mjs';
import { step } from './say.mjs';
import { fileMark, readStamp, updateStamp } from './stamp.mjs';

const prebuiltTimeoutMs = 60_000;
const addonFolder = packageFolder('@confluentinc', 'kafka-javascript');
const addonName = 'confluent-kafka-javascript.node';
const releaseFolder = join(addonFolder, 'build', 'Release');

/** Where the `bindings` package looks after `build/Release`; one folder for each Node ABI, so that several live side by side. */
const abiFolder = (abi) => join(addonFolder, 'lib', 'binding', `node-v${abi}-${process.platform}-${process.arch}`);

const installedAddon = () =>
  [join(releaseFolder, addonName), join(abiFolder(process.versions.modules), addonName)].find(existsSync);

const addonMark = () => {
  const path = installedAddon();
  return path && `${path.slice(addonFolder.length)}:${fileMark(path)}`;
};

/** Load the addon in a process of its own, since a failed load cannot be taken back. */
export const loadAddon = () =>
  tryRun(process.execPath, ['-e', `require(${JSON.stringify(join(addonFolder, 'librdkafka.js'))})`], {
    timeoutMs: 30_000,
  });

/** Whether the addon is known to load in this runtime: cheap, for every start. */
export const addonReady = (stamp = readStamp()) => {
  const mark = addonMark();
  return mark !== undefined && stamp.addons?.[runtimeKey()] === mark;
};

const moveFiles = (from, to) => {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isFile() && /\.(node|so|dylib|dll)/.test(entry.name))
      renameSync(join(from, entry.name), join(to, entry.name));
  }
};

/** The addon finds librdkafka at `../deps` beside its own folder: put a copy there that a later build leaves alone. */
const keepLibraries = () => {
  const from = join(addonFolder, 'build', 'deps');
  const to = join(addonFolder, 'lib', 'binding', 'deps');
  if (!existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (!/\.(so|dylib)/.test(entry.name)) continue;
    const target = join(to, entry.name);
    const temporary = `${target}.${process.pid}`;
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(join(from, entry.name)), temporary);
    else copyFileSync(join(from, entry.name), temporary);
    renameSync(temporary, target);
  }
};

/** An addon of another Node in `build/Release` hides ours: move it to where that Node will find it. */
const makeWay = (loadError) => {
  const abi = loadError.match(/NODE_MODULE_VERSION (\d+)\.? This version/)?.[1];
  if (!existsSync(join(releaseFolder, addonName))) return false;
  if (abi) {
    keepLibraries();
    moveFiles(releaseFolder, abiFolder(abi));
  } else rmSync(join(releaseFolder, addonName));
  return true;
};

const installPrebuilt = async () => {
  const tool = [
    packageFolder('@mapbox', 'node-pre-gyp'),
    join(addonFolder, 'node_modules', '@mapbox', 'node-pre-gyp'),
  ].find(existsSync);
  if (!tool) return false;
  await tryRun(process.execPath, [join(tool, 'bin', 'node-pre-gyp'), 'install', '--fallback-to-build=false'], {
    cwd: addonFolder,
    timeoutMs: prebuiltTimeoutMs,
    log: 'kafka-prebuilt',
  });
  return (await loadAddon()).ok;
};

const obtain = async () => {
  const first = await loadAddon();
  if (first.ok) return 'found';
  if (makeWay(first.output) && (await loadAddon()).ok) return 'found';
  if (process.env.EBBTIDE_BUILD_ADDON !== '1') {
    const done = await step(
      `Fetching the Kafka client's prebuilt binary for ${runtimeKey()}`,
      '10 s',
      installPrebuilt,
      (found) => (found ? 'done' : 'not to be had here, which was clear'),
    );
    if (done) return 'prebuilt';
  }
  rmSync(join(releaseFolder, addonName), { force: true });
  await buildAddon(addonFolder);
  keepLibraries();
  moveFiles(releaseFolder, abiFolder(process.versions.modules));
  return 'built';
};

/**
 * Have the Kafka client's native binary for the running Node: the one that is there, else the prebuilt one, else built
 * from the package's own source.
 */
export const ensureAddon = async () => {
  if (addonReady()) return;
  const source = await obtain();
  const loaded = source === 'built' ? await loadAddon() : { ok: true };
  if (!loaded.ok)
    throw new Error(
      `The Kafka client's binary was built in ${dirname(addonFolder)} but does not load:\n${loaded.output}`,
    );
  updateStamp({ addons: { ...readStamp().addons, [runtimeKey()]: addonMark() } });
};
