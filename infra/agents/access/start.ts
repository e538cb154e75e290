import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { AccessTelemetry, DeadLetter } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import type { AppContext, Running } from '../../context.ts';
import type { OutgoingMessage } from '../../kafka/types.ts';
import { dataFolder } from '../../paths.ts';
import { type Collected, Collector } from './collector.ts';
import type { AccessCollectorConfig } from './config.ts';
import { collectorMetrics } from './metrics.ts';

/** Longest that a line is kept in a dead letter, bytes. */
const longestRaw = 65_536;

/**
 * Run the access collector: every now and then it reads the host's sources and writes `telemetry.access`; what cannot be
 * read is counted and goes to `dead-letters`. While Kafka is away it reads nothing further.
 *
 * @throws EbbtideError STATE_CORRUPT, KAFKA_UNAVAILABLE
 */
export const startAccessCollector = async (
  { kafka, registry, metrics, log }: AppContext,
  config: AccessCollectorConfig,
): Promise<Running> => {
  const stateFile = config.stateFile ?? join(dataFolder(), 'collector.json');
  await mkdir(dirname(stateFile), { recursive: true });
  const collector = await Collector.open(config, stateFile);
  const accesses = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, registry);
  const letters = await TopicCodec.open<DeadLetter>(topics.deadLetters, registry);
  const partitions = Array.from({ length: await kafka.partitionsOf(accesses.topic.name) }, (_, i) => i);
  const producer = await kafka.producer();
  const { told, refusals } = collectorMetrics(metrics);

  const messagesOf = ({ source, records, refused }: Collected, nowMs: number): OutgoingMessage[] => [
    ...records.flatMap((record) => {
      const message = { topic: accesses.topic.name, key: record.user, value: accesses.encode(record) };
      // Users of a machine are spread over all partitions
      return record.user === '' ? partitions.map((partition) => ({ ...message, partition })) : [message];
    }),
    ...refused.map(({ raw, why }) => ({
      topic: letters.topic.name,
      key: accesses.topic.name,
      value: letters.encode({
        topic: accesses.topic.name,
        partition: 0,
        offset: 0,
        timestamp: nowMs,
        key: Buffer.from(source),
        value: Buffer.from(raw).subarray(0, longestRaw),
        errorCode: 'RECORD_MALFORMED',
        message: why,
        pipeline: 'collector',
      }),
    })),
  ];

  const stopping = new AbortController();
  let trouble = '';
  let passes = 0;
  const pass = async (): Promise<void> => {
    const nowMs = Date.now();
    const collected = await collector.collect(nowMs);
    const messages = collected.flatMap((it) => messagesOf(it, nowMs));
    if (messages.length > 0) await producer.send(messages);
    await collector.keep();
    for (const { source, records, refused } of collected) {
      told.inc({ source }, records.length);
      refusals.inc({ source }, refused.length);
      if (refused.length > 0) log.warn({ source, refused: refused.length, why: refused[0]!.why }, 'lines were refused');
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await pass();
        trouble = '';
        passes++;
      } catch (error) {
        trouble = (error as Error).message;
        log.error({ error: trouble }, 'sources could not be collected; they are read again');
      }
      await sleep(config.everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    name: 'collector',
    health: async () => ({
      ready: trouble === '' && passes > 0,
      detail: trouble || `${passes} passes over the sources`,
    }),
    // A source that cannot be read is tried again
    failed: new Promise<never>(() => undefined),
    async close() {
      stopping.abort();
      await running;
      await producer.close();
    },
  };
};
