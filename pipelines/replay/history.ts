import type { InputMessage } from '../../operators/batch.ts';
import type { CredentialFacts } from '../../operators/decideTtl.ts';
import type { Control, Label } from '../../schemas/generated/index.ts';
import type { VersionedTable } from '../versionedTable.ts';

/** Messages of one partition, in order of their offsets. */
export interface HistoricPart {
  readonly partition: number;
  readonly messages: readonly InputMessage[];
  /** Whether they lie before the range: they bring the state up, and what comes of them is not looked at. */
  readonly warmUp: boolean;
}

/** Messages that travel down a replay together; further batches are only made after `ack`. */
export interface HistoricBatch {
  readonly parts: readonly HistoricPart[];
  ack(): void;
}

/** When messages were received, epoch milliseconds: from the first, up to and without the last. */
export interface ReplayRange {
  readonly from: number;
  readonly to: number;
  /** How long before `from` reading begins, milliseconds, 0 and up; Infinity for all that is kept. */
  readonly warmUpMs: number;
}

/** What was said on Kafka, as it can be read again: from Kafka itself, or from the archive. */
export interface History {
  /** Messages to read, warm-up included. */
  readonly messages: number;
  /** Partitions that there are messages of. */
  readonly partitions: readonly number[];
  /** What of the past is missing, in words for people. */
  readonly warnings: readonly string[];
  readonly control: VersionedTable<Control>;
  credentials(partition: number): VersionedTable<CredentialFacts>;
  /** All judgements up to now: they are what a replay is measured by. */
  readonly labels: readonly Label[];
  /** Messages of the range that were not there to be read, so far. */
  missing(): number;
  batches(): AsyncIterable<readonly HistoricPart[]>;
  close(): Promise<void>;
}

/**
 * Batches, so many of them on their way at most: a source is asked for more only once others were acknowledged.
 *
 * @param most - batches on their way, 1 and up
 */
export async function* acknowledged(
  source: AsyncIterable<readonly HistoricPart[]>,
  most: number,
): AsyncGenerator<HistoricBatch> {
  let under = 0;
  let room = () => {};
  for await (const parts of source) {
    under++;
    yield {
      parts,
      ack: () => {
        under--;
        room();
      },
    };
    if (under >= most)
      await new Promise<void>((resolve) => {
        room = resolve;
      });
  }
}

/** Cut messages where the range begins. @param from - first offset of the range */
export const cutAt = (partition: number, messages: readonly InputMessage[], from: number): HistoricPart[] => {
  const first = messages.findIndex(({ offset }) => offset >= from);
  if (first === 0) return [{ partition, messages, warmUp: false }];
  if (first < 0) return [{ partition, messages, warmUp: true }];
  return [
    { partition, messages: messages.slice(0, first), warmUp: true },
    { partition, messages: messages.slice(first), warmUp: false },
  ];
};
