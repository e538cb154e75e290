import { TopicCodec } from '../../schemas/codec.ts';
import type { ResourceSample, ResourceTelemetry } from '../../schemas/generated/ResourceTelemetry.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import type { OutgoingMessage } from '../kafka/types.ts';

/** Sends samples as a host agent does: Avro in Confluent's frame to `telemetry.resource`, several to a message. */
export interface TelemetrySender {
  /** Queue one sample; at most a few hundred wait, the oldest give way. */
  add(credentialId: string, sample: ResourceSample): void;
  /** Send what is queued; a broker that is away costs the samples, not the fleet. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const keptSamples = 600;

/** @param host - name of the host in telemetry */
export const openTelemetry = async ({ kafka, registry, log }: AppContext, host: string): Promise<TelemetrySender> => {
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, registry);
  const producer = await kafka.producer({ lingerMs: 1 });
  const queued = new Map<string, ResourceSample[]>();
  return {
    add: (credentialId, sample) => {
      const samples = queued.get(credentialId) ?? [];
      samples.push(sample);
      if (samples.length > keptSamples) samples.shift();
      queued.set(credentialId, samples);
    },
    flush: async () => {
      if (queued.size === 0) return;
      const sentAt = Date.now();
      const messages = [...queued].map(
        ([credentialId, samples]): OutgoingMessage => ({
          topic: topics.telemetryResource.name,
          key: credentialId,
          value: codec.encode({ credentialId, host, sentAt, samples, clock: null }),
        }),
      );
      queued.clear();
      try {
        await producer.send(messages);
      } catch (error) {
        log.warn({ err: error, messages: messages.length }, 'telemetry of the demonstration was not taken');
      }
    },
    close: () => producer.close(),
  };
};
