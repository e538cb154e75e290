import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError, say } from './say.mjs';

const pollMs = 100;

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/**
 * Do some work while holding a lock file; another process waits, and the lock of a dead process is taken over.
 *
 * @param {string} path - the lock file
 * @param {() => Promise<T>} work
 * @param {{ timeoutMs?: number }} [options] - how long to wait for another process
 * @returns {Promise<T>}
 * @template T
 */
export const withLock = async (path, work, { timeoutMs = 900_000 } = {}) => {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = performance.now() + timeoutMs;
  for (let told = false; ; ) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = readHolder(path);
    if (holder === undefined || (holder !== process.pid && !isAlive(holder))) {
      // A second look guards against a holder that has created the file but not yet written its id
      await sleep(pollMs);
      if (readHolder(path) === holder) rmSync(path, { force: true });
      continue;
    }
    if (performance.now() > deadline) {
      throw new SetupError(`Process ${holder} holds ${path} for too long; end it or remove that file`);
    }
    if (!told) say(`Waiting for process ${holder}, which does the same`);
    told = true;
    await sleep(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
};

const readHolder = (path) => {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
};
