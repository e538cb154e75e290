import type { Producer } from '../kafka/types.ts';

/**
 * Writes a clock record into each partition that an instance holds, so that event time passes where no telemetry
 * comes, and a replay joins the other topics at the same place.
 *
 * @param topic - of the telemetry
 * @param everyMs - milliseconds between records; 0 writes none
 * @param partitions - partitions held now
 * @param record - the framed record for a time, epoch milliseconds, and a partition
 */
export const startClock = (
  producer: Producer,
  topic: string,
  everyMs: number,
  partitions: () => readonly number[],
  record: (time: number, partition: number) => Buffer,
  failed: (error: unknown) => void,
): { stop(): void } => {
  let writing = false;
  const tick = async () => {
    // A broker that is away must not let ticks pile up: those that would have been are no loss.
    if (writing) return;
    writing = true;
    try {
      await producer.send(
        partitions().map((partition) => ({ topic, partition, key: null, value: record(Date.now(), partition) })),
      );
    } catch (error) {
      failed(error);
    } finally {
      writing = false;
    }
  };
  if (everyMs === 0) return { stop() {} };
  const timer = setInterval(() => void tick(), everyMs);
  return { stop: () => clearInterval(timer) };
};
