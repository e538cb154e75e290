import { stripVTControlCharacters } from 'node:util';
import { addonReady, loadAddon } from './addon.mjs';
import { buildReady } from './build.mjs';
import { onPath, tryRun } from './exec.mjs';
import { runningKafka } from './kafka.mjs';
import { dockerEngine } from './kafka-docker.mjs';
import { javaVersion } from './kafka-jars.mjs';
import { findOpenBao } from './openbao.mjs';
import { packagesMatch } from './packages.mjs';
import { isInstalled, runtimeKey, setupCommand } from './places.mjs';

/**
 * @typedef {{ name: string, ok: boolean, required: boolean, found: string, remedy?: string }} Check
 *   `found` says what is there, `remedy` how to get what is missing
 */

/** Colours that Maven sends even to a pipe. */
const plain = (text) => stripVTControlCharacters(text);
const firstLine = (text) => plain(text).trim().split('\n')[0] ?? '';
const versionOf = async (command, ...args) => {
  const path = onPath(command);
  return (
    path && firstLine((await tryRun(path, args, { timeoutMs: 15_000 })).output.match(/^.*\d+\.\d+.*$/m)?.[0] ?? path)
  );
};

const checks = {
  node: async () => {
    const [major, minor] = process.versions.node.split('.').map(Number);
    const ok = major > 20 || (major === 20 && minor >= 18);
    return { ok, required: true, found: `${process.version} (${runtimeKey()})`, remedy: 'Install Node 20.18 or later' };
  },
  packages: async () => {
    const ok = packagesMatch();
    return {
      ok,
      required: true,
      found: `${ok ? '' : 'not '}as in ${isInstalled ? 'package.json' : 'package-lock.json'}`,
      remedy: isInstalled ? 'Install ebbtide again' : setupCommand,
    };
  },
  'kafka client': async () => {
    const loaded = addonReady() ? { ok: true } : await loadAddon();
    const found = loaded.ok ? `native binary for ${runtimeKey()}` : `no native binary that loads in ${runtimeKey()}`;
    return { ok: loaded.ok, required: true, found, remedy: setupCommand };
  },
  openbao: async () => {
    const binary = findOpenBao();
    if (!binary)
      return { ok: false, required: true, found: 'no binary', remedy: `${setupCommand}, or set EBBTIDE_BAO` };
    const { output, ok } = await tryRun(binary.path, ['version'], { timeoutMs: 15_000 });
    return {
      ok,
      required: true,
      found: `${firstLine(output)} at ${binary.path} (from ${binary.source})`,
      remedy: setupCommand,
    };
  },
  build: async () => {
    const ok = buildReady();
    return {
      ok,
      required: true,
      found: ok ? 'dist/ is as new as the sources' : 'dist/ is older than the sources',
      remedy: setupCommand,
    };
  },
  docker: async () => {
    const engine = await dockerEngine();
    const found = engine ? `engine ${engine}` : onPath('docker') ? 'command line without an engine' : 'not installed';
    return {
      ok: engine !== undefined,
      required: false,
      found,
      remedy: 'Start Docker, or install Java 17 and Maven, for npm run services:up',
    };
  },
  java: async () => {
    const version = await javaVersion();
    const found = version ? `Java ${version}` : 'not installed';
    return {
      ok: (version ?? 0) >= 17,
      required: false,
      found,
      remedy: 'Install Java 17 (Debian: openjdk-17-jre-headless)',
    };
  },
  maven: async () => {
    const version = await versionOf('mvn', '-v');
    return {
      ok: Boolean(version),
      required: false,
      found: version ?? 'not installed',
      remedy: 'Install Maven (Debian: maven)',
    };
  },
  'real kafka': async () => {
    const kafka = await runningKafka();
    const found = kafka ? `${kafka.version} at ${kafka.brokers} (${kafka.kind})` : 'not running';
    return { ok: kafka !== undefined, required: false, found, remedy: 'npm run services:up' };
  },
  chromium: async () => {
    const version = (await versionOf('chromium', '--version')) ?? (await versionOf('google-chrome', '--version'));
    return {
      ok: Boolean(version),
      required: false,
      found: version ?? 'not installed',
      remedy: 'Install Chromium (Debian: chromium)',
    };
  },
};

/**
 * Look at everything that the set-up cares for.
 *
 * @returns {Promise<Check[]>} in a fixed order; a check that itself fails is reported as not ok
 */
export const runChecks = () =>
  Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        const { remedy, ...result } = await check();
        return { name, ...result, ...(result.ok ? {} : { remedy }) };
      } catch (error) {
        return { name, ok: false, required: false, found: error.message };
      }
    }),
  );
