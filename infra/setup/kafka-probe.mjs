import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const askTimeoutMs = 2_000;
/** By which an answer is known to be one: another server may have taken the port of a broker that failed to start. */
const correlationId = Buffer.from('ebbt');
/** An ApiVersions request, version 0, without a client id: the smallest thing a broker answers. */
const apiVersions = Buffer.concat([Buffer.from([0, 0, 0, 10, 0, 18, 0, 0]), correlationId, Buffer.from([0xff, 0xff])]);

/**
 * Whether a Kafka broker answers at `host:port`; an open port alone may be Docker's, or a broker that still starts.
 *
 * @param {string} address
 * @returns {Promise<boolean>}
 */
export const kafkaAnswers = (address) =>
  new Promise((resolve) => {
    const colon = address.lastIndexOf(':');
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
    const finish = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(askTimeoutMs, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('connect', () => socket.write(apiVersions));
    socket.once('data', (answer) => finish(answer.subarray(4, 8).equals(correlationId)));
    socket.once('close', () => finish(false));
  });

/** Wait until a broker answers, or `isRunning` says that there is no point in waiting. */
export const untilKafkaAnswers = async (address, { timeoutMs = 120_000, isRunning = () => true } = {}) => {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && isRunning()) {
    if (await kafkaAnswers(address)) return true;
    await sleep(100);
  }
  return false;
};
