import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { installDebianPackages } from './debian.mjs';
import { onPath, run, tryRun } from './exec.mjs';
import { findHeaders } from './headers.mjs';
import { runtimeKey } from './places.mjs';
import { SetupError, say, step } from './say.mjs';

/** Header to Debian package: with these librdkafka speaks TLS, SASL, OAuth and every compression. */
const libraries = {
  'curl/curl.h': 'libcurl4-openssl-dev',
  'openssl/ssl.h': 'libssl-dev',
  'sasl/sasl.h': 'libsasl2-dev',
  'zlib.h': 'zlib1g-dev',
  'zstd.h': 'libzstd-dev',
  'lz4.h': 'liblz4-dev',
};
const tools = { make: 'make', 'g++': 'g++', gcc: 'gcc', python3: 'python3' };

const missingPackages = async () => {
  const missing = Object.keys(tools).filter((tool) => !onPath(tool));
  if (missing.length > 0) return [...missing.map((tool) => tools[tool]), ...Object.values(libraries)];
  const found = await Promise.all(
    Object.keys(libraries).map((header) =>
      tryRun('g++', ['-E', '-x', 'c++', '-o', '/dev/null', '-'], { input: `#include <${header}>\n` }),
    ),
  );
  return Object.values(libraries).filter((_, index) => !found[index].ok);
};

/** node-gyp comes with npm; where npm is told by the environment of `npm run`, else by PATH. */
const findNodeGyp = () => {
  const npm = process.env.npm_execpath ?? (onPath('npm') && realpathSync(onPath('npm')));
  const candidates = npm ? [join(dirname(npm), '..', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')] : [];
  const found = candidates.find(existsSync);
  if (!found)
    throw new SetupError(
      `The Kafka client must be built, but node-gyp was not found beside npm (${npm ?? 'no npm on PATH'}); install npm and start again`,
    );
  return found;
};

/**
 * Keep what librdkafka knows of the cluster when a broker that just starts answers that there are no brokers: from 2.10 on it
 * forgets its own addresses with them, and a client whose cluster has one broker may never come back (librdkafka#5301).
 * Where the source no longer reads so, it is left alone.
 */
export const keepKnownBrokers = (source) =>
  source.replace('if (!has_learned_brokers) {', 'if (!has_learned_brokers || md->broker_cnt == 0) {');

const mendLibrary = (addonFolder) => {
  const path = join(addonFolder, 'deps', 'librdkafka', 'src', 'rdkafka_metadata.c');
  if (!existsSync(path)) return;
  const source = readFileSync(path, 'utf8');
  const mended = keepKnownBrokers(source);
  if (mended !== source) writeFileSync(path, mended);
};

/**
 * Compile the Kafka client's addon from the source in its own package, linked with the system's libraries.
 *
 * @param {string} addonFolder - the package `@confluentinc/kafka-javascript`
 */
export const buildAddon = async (addonFolder) => {
  const missing = await missingPackages();
  const purpose = "Building the Kafka client's native binary";
  if (missing.length > 0) await installDebianPackages(missing, purpose);
  const nodeGyp = findNodeGyp();
  const headers = await findHeaders();
  if (!headers) say(`No headers of Node ${process.version} found here: node-gyp will download them`);
  const options = {
    cwd: addonFolder,
    // Static linking would download the sources of every library
    env: { CKJS_LINKING: 'dynamic', npm_config_nodedir: headers },
    log: 'kafka-build',
    purpose,
  };
  const hasLibrary = existsSync(join(addonFolder, 'deps', 'librdkafka', 'src', 'librdkafka.so.1'));
  const about = hasLibrary ? '30 s' : '90 s on two cores';
  mendLibrary(addonFolder);
  await step(`Building the Kafka client's binary for ${runtimeKey()} from its source`, about, async () => {
    // The first time, the make file knows no order between librdkafka's configuration and its use
    const jobs = hasLibrary ? [`--jobs=${availableParallelism()}`] : [];
    const nodedir = headers ? [`--nodedir=${headers}`] : [];
    // Not "rebuild": librdkafka itself is the same for every Node and need not be compiled again
    await run(process.execPath, [nodeGyp, 'configure', ...nodedir], options);
    await run(process.execPath, [nodeGyp, 'build', ...jobs, ...nodedir], options);
  });
};
