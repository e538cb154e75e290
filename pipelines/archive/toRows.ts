import { concatMap, type OperatorFunction } from 'rxjs';
import type { Archive, RowBatch } from '../../infra/clickhouse/types.ts';
import type { Message, MessageBatch } from '../../infra/kafka/types.ts';
import { deadLetterOf } from '../../operators/deadLetter.ts';
import { schemaIdOf, type TopicCodec } from '../../schemas/codec.ts';
import type { DeadLetter } from '../../schemas/generated/index.ts';

/** A batch of messages on its way through the archive. */
export interface ArchiveBatch {
  readonly source: MessageBatch;
  readonly rows: RowBatch;
  /** Messages that cannot become rows. */
  readonly deadLetters: readonly DeadLetter[];
}

/** Codecs by topic. */
export type Codecs = ReadonlyMap<string, TopicCodec<unknown>>;

/**
 * Decode each message and collect its rows; what cannot be read or kept becomes a dead letter.
 *
 * Records are turned into rows one by one, so that a batch is never in memory as objects.
 *
 * @param cluster - name of the Kafka cluster that offsets belong to
 */
export const toRows =
  (archive: Archive, codecs: Codecs, cluster: string): OperatorFunction<MessageBatch, ArchiveBatch> =>
  (source) =>
    source.pipe(
      concatMap(async (batch) => {
        for (const { topic, value } of batch.messages) await learn(codecs.get(topic)!, value);
        const rows = archive.newBatch(cluster);
        const deadLetters: DeadLetter[] = [];
        for (const message of batch.messages) {
          try {
            rows.add(message, read(codecs, message));
          } catch (error) {
            deadLetters.push(deadLetterOf(message, error, 'archive'));
          }
        }
        return { source: batch, rows, deadLetters };
      }),
    );

const read = (codecs: Codecs, { topic, value }: Message): unknown =>
  value === null ? null : codecs.get(topic)!.decode(value);

/** Make a writer's schema known. A registry that is away throws, so that the batch is tried again, not thrown away. */
const learn = async (codec: TopicCodec<unknown>, value: Buffer | null): Promise<void> => {
  if (value === null) return;
  let id: number;
  try {
    id = schemaIdOf(value);
  } catch {
    return;
  }
  if (!codec.knows(id)) await codec.learn(id);
};
