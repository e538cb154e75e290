import { setTimeout as sleep } from 'node:timers/promises';
import { EbbtideError } from '../../schemas/errors.ts';
import { topics } from '../../schemas/topics.ts';
import type { Running } from '../context.ts';
import type { Logger } from '../log.ts';
import {
  type ClusterOptions,
  call,
  connectProducer,
  disconnect,
  type NativeConsumer,
  type NativeProducer,
  openClients,
} from './client.ts';

type Client = NativeConsumer | NativeProducer;

const answerTimeoutMs = 1_000;
const longestPauseMs = 60_000;

/** Who sees to it that the clients of a process can still reach their cluster. */
export interface ClientWatch extends Running {
  /** Why the process is of no use any more; undefined while it is. */
  lost(): string | undefined;
}

/**
 * Watch whether the Kafka clients of this process are answered, and fail where one has lost the cluster for good: it had no
 * answer for so long, and a new client is answered at two looks one after the other, between which the old one had its chance.
 *
 * A cluster that is away makes nothing fail: a process that is started anew would not reach it either. librdkafka's own
 * reconnecting is enough then, unless it forgets where the cluster is (librdkafka#5301).
 *
 * @param lostAfterMs - how long without an answer, milliseconds; 0 watches nothing
 * @returns a part whose `failed` rejects with `KAFKA_UNAVAILABLE`
 * @example
 * const watch = watchClients({ brokers: 'kafka:9092' }, 600_000, log);
 * await watch.failed;
 */
export const watchClients = (cluster: ClusterOptions, lostAfterMs: number, log: Logger): ClientWatch => {
  const closing = new AbortController();
  const answeredAt = new WeakMap<Client, number>();
  let suspected = new Set<Client>();
  let silentNow = 0;
  let why: string | undefined;

  /** Clients that have had no answer for as long as is allowed. */
  const findSilent = async (): Promise<Client[]> => {
    const silent: Client[] = [];
    // One after the other: each holds one of Node's few worker threads while it waits
    for (const client of openClients) {
      if (closing.signal.aborted) return [];
      if (!answeredAt.has(client)) answeredAt.set(client, performance.now());
      if (await answers(client)) answeredAt.set(client, performance.now());
      else if (openClients.has(client) && performance.now() - answeredAt.get(client)! >= lostAfterMs)
        silent.push(client);
    }
    return silent;
  };

  const look = async (): Promise<void> => {
    const silent = await findSilent();
    silentNow = silent.length;
    if (silent.length === 0 || !(await newClientAnswers(cluster))) {
      suspected = new Set();
      return;
    }
    const lost = silent.filter((client) => suspected.has(client));
    suspected = new Set(silent);
    if (lost.length === 0) return;
    why = `Kafka at ${cluster.brokers} answers a new client, and ${lost.length} of this process's ${openClients.size} have had no answer for ${Math.round(lostAfterMs / 1000)} s and more (kafka.lostAfterMs): they have lost it. The process ends, for whoever supervises it to start it anew`;
    log.fatal({ clients: openClients.size, lost: lost.length }, why);
    throw new EbbtideError('KAFKA_UNAVAILABLE', why, { lost: lost.length });
  };

  const watching = async (): Promise<void> => {
    if (lostAfterMs === 0) return;
    const pauseMs = Math.min(longestPauseMs, Math.max(100, lostAfterMs / 10));
    while (!closing.signal.aborted) {
      await sleep(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      if (!closing.signal.aborted) await look();
    }
  };
  const running = watching();
  const failed = running.then(() => new Promise<never>(() => {}));
  failed.catch(() => {});

  return {
    name: 'Kafka client',
    failed,
    lost: () => why,
    health: async () => ({
      ready: why === undefined,
      detail: why ?? `${silentNow} of ${openClients.size} clients are without an answer for longer than they may be`,
    }),
    async close() {
      closing.abort();
      await running.catch(() => {});
    },
  };
};

const answers = (client: Client): Promise<boolean> =>
  call('Kafka does not answer', (done) =>
    client.getMetadata({ topic: topics.control.name, timeout: answerTimeoutMs } as never, done as never),
  ).then(
    () => true,
    () => false,
  );

const newClientAnswers = async (cluster: ClusterOptions): Promise<boolean> => {
  let client: NativeProducer;
  try {
    client = await connectProducer(cluster, {});
  } catch {
    return false;
  }
  try {
    return await answers(client);
  } finally {
    await disconnect(client);
  }
};
