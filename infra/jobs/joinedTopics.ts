import type { Joined } from '../../operators/batch.ts';
import type { CredentialFacts, JoinedTopics } from '../../operators/decideTtl.ts';
import { ordersAsOf } from '../../pipelines/orders.ts';
import { VersionedTable } from '../../pipelines/versionedTable.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Control, Credential } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { type Patience, readPatiently } from '../kafka/readPatiently.ts';
import type { Message, Tail } from '../kafka/types.ts';

/** Topics `control` and `credentials` as tables that are kept up to date. */
export interface JoinedTables {
  readonly control: VersionedTable<Control>;
  /** The table of one partition of `credentials`. */
  credentials(partition: number): VersionedTable<CredentialFacts>;
  /** What the operators of one partition join with. */
  forPartition(partition: number): JoinedTopics & { reached(joined: Joined): Promise<void> | undefined };
  /** Resolves once what was there at the start has been read. */
  readonly caughtUp: Promise<void>;
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Follow the topics that the lifecycle pipeline joins its telemetry with. While the schema registry does not answer,
 * following waits: every instance sees the same tables, and no kill switch is missed.
 *
 * @param told - of each record of `control` as it is read, and of each record that can never be read, by topic
 */
export const openJoinedTables = async (
  context: AppContext,
  pipeline: string,
  told: { heard?(control: Control): void; passedOver?(topic: string): void } = {},
): Promise<JoinedTables> => {
  const { kafka, registry, log } = context;
  const limits = { now: () => performance.now() };
  const controls = await TopicCodec.open<Control>(topics.control, registry, limits);
  const credentials = await TopicCodec.open<Credential>(topics.credentials, registry, limits);
  const control = new VersionedTable<Control>();
  const byPartition = new Map<number, VersionedTable<CredentialFacts>>();
  const tableOf = (partition: number) => {
    let table = byPartition.get(partition);
    if (!table) {
      table = new VersionedTable<CredentialFacts>();
      byPartition.set(partition, table);
    }
    return table;
  };
  const tail: Tail = await kafka.tail({ topics: [topics.control.name, topics.credentials.name], from: 'beginning' });

  const stopping = new AbortController();
  const patience: Patience = {
    signal: stopping.signal,
    onRetry: (error, waitMs) => log.warn({ error: (error as Error).message, waitMs }, 'record cannot be read yet'),
  };

  const apply = async (message: Message) => {
    const key = message.key?.toString('utf8') ?? '';
    if (message.topic === topics.control.name) {
      // Only the first partition is ordered as a whole; nothing is written to others.
      if (message.partition !== 0) return;
      const record = message.value ? await readPatiently(controls, message.value, patience) : undefined;
      if (record) told.heard?.(record);
      control.set(key, message.offset, record);
      return;
    }
    const table = tableOf(message.partition);
    table.set(
      key,
      message.offset,
      message.value ? factsOf(await readPatiently(credentials, message.value, patience)) : undefined,
    );
  };

  const follow = async () => {
    for await (const messages of tail.batches()) {
      for (const message of messages) {
        try {
          await apply(message);
        } catch (error) {
          if (stopping.signal.aborted) return;
          if (!isEbbtideError(error)) throw error;
          told.passedOver?.(message.topic);
          const table = message.topic === topics.control.name ? control : tableOf(message.partition);
          if (message.topic !== topics.control.name || message.partition === 0) table.reach(message.offset + 1);
          log.error(
            {
              topic: message.topic,
              partition: message.partition,
              offset: message.offset,
              error: (error as Error).message,
            },
            'record passed over',
          );
        }
      }
    }
  };
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  follow().catch(fail);

  return {
    control,
    credentials: tableOf,
    forPartition(partition) {
      const table = tableOf(partition);
      const orders = ordersAsOf(pipeline, control, (order, why) =>
        log.error({ key: order.key, version: order.version, why }, 'order refused, the last good one stays'),
      );
      return {
        credential: (subject, joined) => table.at(subject, joined.credentials),
        orders: (joined, time) => orders(joined.control, time),
        reached: (joined) => control.reached(joined.control) ?? table.reached(joined.credentials),
      };
    },
    caughtUp: tail.caughtUp,
    failed,
    close: () => {
      stopping.abort();
      return tail.close();
    },
  };
};

const factsOf = (credential: Credential): CredentialFacts => ({
  ttlMs: credential.ttlMs,
  maxTtlMs: credential.maxTtlMs,
  issuedAt: credential.issuedAt,
  ended: credential.status === 'ended',
  ...(credential.function === '' ? {} : { function: credential.function }),
});
