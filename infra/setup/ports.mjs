import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const loopback = '127.0.0.1';
/**
 * Below the ports that systems give to outgoing connections and to servers which ask for any: from 32768 on Linux,
 * from 49152 by RFC 6335. A server that takes seconds to start would find such a port taken.
 */
const [lowest, highest] = [20_000, 32_767];
const attempts = 100;
/** Ports that were given here: whoever got one may not listen on it yet. */
const given = new Set();

/** @returns {Promise<boolean>} whether nobody listens on a port of the loopback interface at this moment */
const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, loopback, () => probe.close(() => resolve(true)));
  });

/**
 * A port of the loopback interface that nobody listens on, for a server that is about to start.
 *
 * @param {number} [wish] taken when it is free
 * @returns {Promise<number>}
 */
export const freePort = async (wish) => {
  if (wish !== undefined && (await isFree(wish))) return wish;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowest, highest + 1);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`No port between ${lowest} and ${highest} is free`);
};
