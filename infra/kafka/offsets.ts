import ckjs from '@confluentinc/kafka-javascript';
import pRetry from 'p-retry';
import { isEbbtideError } from '../../schemas/errors.ts';
import { type ClusterOptions, call, kafkaError } from './client.ts';

/** A partition of a topic. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Offsets of the first record of a partition, and after its last. */
export interface Extent extends Place {
  readonly low: number;
  readonly high: number;
}

const earliest = -2;
const latest = -1;
const readUncommitted = 0;
const timeoutMs = 10_000;

/**
 * Where partitions begin, or what was written since some time begins, and where they end. Records of open transactions count, which a consumer's own watermarks leave out: who
 * must not miss what is about to be committed reads up to here.
 *
 * @param sinceMs - `low` is that of the first record that was written then or later, epoch milliseconds
 * @throws {EbbtideError} `KAFKA_UNAVAILABLE` when partitions have no leader for some seconds
 */
export const extentsOf = async (
  cluster: ClusterOptions,
  places: readonly Place[],
  sinceMs?: number,
): Promise<Extent[]> => {
  if (places.length === 0) return [];
  const admin = ckjs.AdminClient.create({ 'bootstrap.servers': cluster.brokers, ...cluster.settings } as never);
  const list = (timestamp: number): Promise<(Place & { offset: number; error?: unknown })[]> =>
    call('Cannot read the offsets of partitions', (done) =>
      admin.listOffsets(
        places.map(({ topic, partition }) => ({ topic, partition, offset: { timestamp } })) as never,
        { timeout: timeoutMs, isolationLevel: readUncommitted } as never,
        done as never,
      ),
    );
  try {
    // A topic that was just made has no leader for a moment.
    return await pRetry(
      async () => {
        const [lows, highs, since, ever] = await Promise.all([
          list(earliest),
          list(latest),
          ...(sinceMs === undefined ? [] : [list(Math.max(0, Math.floor(sinceMs))), list(0)]),
        ]);
        const offsetIn = (answers: typeof lows, { topic, partition }: Place): number => {
          const answer = answers.find((one) => one.topic === topic && one.partition === partition);
          if (!answer || answer.error) throw kafkaError(`Cannot read the offsets of ${topic}`, answer?.error);
          return answer.offset;
        };
        return places.map((place) => {
          const [low, high] = [Math.max(0, offsetIn(lows, place)), Math.max(0, offsetIn(highs, place))];
          if (!since || !ever) return { ...place, low, high };
          const first = offsetIn(since, place);
          // -1 is said where nothing was written since; and, as by librdkafka's mock, where it is not known what was when
          return { ...place, low: first >= 0 ? first : offsetIn(ever, place) >= 0 ? high : low, high };
        });
      },
      {
        retries: 8,
        minTimeout: 50,
        maxTimeout: 2000,
        shouldRetry: ({ error }) => isEbbtideError(error, 'KAFKA_UNAVAILABLE'),
      },
    );
  } finally {
    admin.disconnect();
  }
};
