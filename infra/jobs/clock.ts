import type { Joined } from '../../operators/batch.ts';
import type { TopicCodec } from '../../schemas/codec.ts';
import type { ResourceTelemetry } from '../../schemas/generated/index.ts';
import type { Producer } from '../kafka/types.ts';

/**
 * Writes a clock record into each partition that an instance holds, so that event time passes where no telemetry
 * comes, and a replay joins the other topics at the same place.
 *
 * @param everyMs - milliseconds between records; 0 writes none
 * @param partitions - partitions held now
 * @param joined - how far the joined topics of a partition were read
 */
export const startClock = (
  producer: Producer,
  codec: TopicCodec<ResourceTelemetry>,
  everyMs: number,
  partitions: () => readonly number[],
  joined: (partition: number) => Joined,
  failed: (error: unknown) => void,
): { stop(): void } => {
  let writing = false;
  const tick = async () => {
    // A broker that is away must not let ticks pile up: those that would have been are no loss.
    if (writing) return;
    writing = true;
    try {
      await producer.send(
        partitions().map((partition) => {
          const time = Date.now();
          const { control, credentials, labels, models = 0 } = joined(partition);
          return {
            topic: codec.topic.name,
            partition,
            key: null,
            value: codec.encode({
              credentialId: '',
              host: '',
              sentAt: time,
              samples: [],
              clock: {
                time,
                controlOffset: control,
                credentialsOffset: credentials,
                labelsOffset: labels,
                modelSequence: models,
              },
            }),
          };
        }),
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
