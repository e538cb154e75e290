import type { Producer } from '../../kafka/types.ts';
import { openTracing } from '../../tracing/open.ts';
import { tracedProducer } from '../../tracing/tracedProducer.ts';
import type { Tracing } from '../../tracing/types.ts';

/** A producer whose telemetry begins traces. */
export const traceTelemetry = (producer: Producer, tracing: Tracing): Producer =>
  tracedProducer(producer, tracing, 'agent sends telemetry');

let opened: Promise<Tracing | undefined> | undefined;

/** As {@link traceTelemetry}, for the agent in a process of its own. It may connect again: spans then go the same way. */
export const agentTracing = async (
  producer: Producer,
  tracing: { readonly endpoint: string; readonly sampleRatio: number },
): Promise<Producer> => {
  opened ??= openTracing(tracing, 'agent');
  const open = await opened;
  return open ? traceTelemetry(producer, open) : producer;
};
