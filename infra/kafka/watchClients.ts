import { setTimeout as sleep } from 'node:timers/promises';
import { EbbtideError } from '../../schemas/errors.ts';
import { topics } from '../../schemas/topics.ts';
import type { Running } from '../context.ts';
import type { Logger } from '../log.ts';
import {
  type ClusterOptions,
  connectProducer,
  disconnect,
  metadataOf,
  type NativeConsumer,
  type NativeProducer,
  openClients,
} from './client.ts';

type Client = NativeConsumer | NativeProducer;

/** Clients that are not answered so soon are only suspected: one may be busy, or slowed down by a quota. */
const answerTimeoutMs = 1_000;
/** Less than a process has for a clean end, for a client cannot be closed while it is asked. */
const suspectTimeoutMs = 20_000;
const longestPauseMs = 60_000;

/** Who sees to it that the clients of a process can still reach their cluster. */
export interface ClientWatch extends Running {
  /** Why the process is of no use any more; undefined while it is. */
  lost(): string | undefined;
}

/**
 * Watch whether the Kafka clients of this process are answered, and fail where one has lost the cluster for good: it had no
 * soon answer for so long, and while a new client is answered, the old one is not, however patiently it is asked. Time in which
 * nobody looked, as where the machine was suspended, does not count.
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
  const pauseMs = Math.min(longestPauseMs, Math.max(100, lostAfterMs / 10));
  const longestBetweenLooksMs = 2 * (pauseMs + answerTimeoutMs);
  const silences = new WeakMap<Client, { lookedAt: number; silentMs: number }>();
  let silentNow = 0;
  let why: string | undefined;

  /** Clients that have had no answer for as long as is allowed. */
  const findSilent = async (): Promise<Client[]> => {
    const silent: Client[] = [];
    // One after the other: each holds one of Node's few worker threads while it waits
    for (const client of openClients) {
      if (closing.signal.aborted) return [];
      const before = silences.get(client) ?? { lookedAt: performance.now(), silentMs: 0 };
      const answered = await answers(client, answerTimeoutMs);
      const lookedAt = performance.now();
      const silentMs = answered ? 0 : before.silentMs + Math.min(lookedAt - before.lookedAt, longestBetweenLooksMs);
      silences.set(client, { lookedAt, silentMs });
      if (!answered && openClients.has(client) && silentMs >= lostAfterMs) silent.push(client);
    }
    return silent;
  };

  /** Whether one of them is not answered even where it is given time, which is also time to connect again. */
  const haveLost = async (suspects: readonly Client[]): Promise<boolean> => {
    for (const client of suspects) {
      if (closing.signal.aborted) return false;
      if (!(await answers(client, suspectTimeoutMs))) return openClients.has(client);
      silences.set(client, { lookedAt: performance.now(), silentMs: 0 });
    }
    return false;
  };

  const look = async (): Promise<void> => {
    const silent = await findSilent();
    silentNow = silent.length;
    if (silent.length === 0 || !(await newClientAnswers(cluster)) || !(await haveLost(silent))) return;
    // It may have gone away meanwhile
    if (closing.signal.aborted || !(await newClientAnswers(cluster))) return;
    why = `Kafka at ${cluster.brokers} answers a new client, and ${silent.length} of this process's ${openClients.size} have had no answer for ${Math.round(lostAfterMs / 1000)} s and more (kafka.lostAfterMs): they have lost it. The process ends, for whoever supervises it to start it anew`;
    log.fatal({ clients: openClients.size, silent: silent.length }, why);
    throw new EbbtideError('KAFKA_UNAVAILABLE', why, { silent: silent.length });
  };

  const watching = async (): Promise<void> => {
    if (lostAfterMs === 0) return;
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
      // A question under way is left to its time-out
      closing.abort();
    },
  };
};

const answers = (client: Client, timeoutMs: number): Promise<boolean> =>
  metadataOf('Kafka does not answer', client, topics.control.name, timeoutMs).then(
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
    return await answers(client, answerTimeoutMs);
  } finally {
    await disconnect(client);
  }
};
