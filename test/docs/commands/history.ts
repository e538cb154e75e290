import { accessRecord } from '../../../infra/agents/access/reading.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { connectRegistry } from '../../../infra/kafka/registry.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { emptyCall } from '../../../schemas/apiCall.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ResourceTelemetry } from '../../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../../schemas/topics.ts';
import { firstMs as accessesFrom, inventedAccesses } from '../../models/access/support.ts';
import { firstMs, inventedSamples } from '../../models/training/telemetry/support.ts';
import type { Stack } from './scenario.ts';

const hourMs = 3_600_000;

/** API calls of people and of bots, 20 minutes of each. */
export const inventedCalls = (startMs: number) =>
  Array.from({ length: 20 }, (_, visitor) =>
    Array.from({ length: 200 }, (_, step) => {
      const isBot = visitor % 2 === 1;
      const wait = isBot ? 6_000 : 2_000 + ((step * 7919 + visitor * 104_729) % 8_000);
      const operation = `GET /page/${isBot ? step % 20 : (step * visitor) % 12}`;
      return {
        frontendCredential: `visitor-${visitor}`,
        service: 'shop',
        operation,
        time: startMs + step * wait,
        isBot,
      };
    }),
  ).flat();

/** Logins of people with habits, each at a machine of their own, for five weeks. */
export const inventedLogins = (startMs: number) =>
  inventedAccesses(8, 36).map(({ pair, event }) => ({
    user: pair,
    vm: pair.replace('person', 'web'),
    time: startMs + event.timeMs - accessesFrom,
  }));

/** Samples of processes, in the form of telemetry. */
const telemetry = (startMs: number): readonly ResourceTelemetry[] =>
  inventedSamples(4, 700).map(({ subject, time, values }) => {
    const metrics = Object.fromEntries(resourceMetrics.map((metric, at) => [metric, values[at]!]));
    const at = startMs + time - firstMs;
    return {
      credentialId: subject,
      host: 'invented',
      sentAt: at,
      samples: [{ ...metrics, time: at, custom: {} }],
      clock: null,
    } as unknown as ResourceTelemetry;
  });

/** Counts what {@link writePast} wrote, as the archive has it. */
export const pastSql = `SELECT (SELECT count() FROM telemetry_api WHERE service = 'shop')
  + (SELECT count() FROM telemetry_access WHERE startsWith(user, 'person-'))
  + (SELECT count() FROM telemetry_resource WHERE host = 'invented') AS records`;

/**
 * Write a past to the stack's Kafka that is long enough to learn from; its archive keeps it.
 *
 * @returns how many records that are
 */
export const writePast = async ({ servers }: Pick<Stack, 'servers'>, now: number): Promise<number> => {
  const kafka = await connectKafka({ brokers: servers.kafka });
  const registry = connectRegistry({ url: servers.schemaRegistry });
  const producer = await kafka.producer({ lingerMs: 0 });
  const write = async (topic: TopicSpec, records: readonly object[]) => {
    const codec = await TopicCodec.open<object>(topic, registry);
    const key = (record: object) => String((record as Record<string, unknown>)[topic.key]);
    await producer.send(
      records.map((record) => ({ topic: topic.name, key: key(record), value: codec.encode(record) })),
    );
  };
  try {
    const calls = inventedCalls(now - hourMs).map(({ isBot: _, ...call }) => ({ ...emptyCall, ...call }));
    await write(topics.telemetryApi, calls);
    const logins = inventedLogins(now - 37 * 24 * hourMs);
    await write(
      topics.telemetryAccess,
      logins.map((login) => accessRecord({ ...login, kind: 'login', application: 'sshd' })),
    );
    const samples = telemetry(now - hourMs);
    await write(topics.telemetryResource, samples);
    return calls.length + logins.length + samples.length;
  } finally {
    await producer.close();
    await kafka.close();
  }
};
