import { EbbtideError } from '../../schemas/errors.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import type { Config } from '../config/config.ts';
import { embedded } from '../config/connections.ts';
import type { AppContext } from '../context.ts';
import { connectKafka } from '../kafka/connect.ts';
import { connectRegistry } from '../kafka/registry.ts';
import { createLogger } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { openTracing } from '../tracing/open.ts';
import { withExemplars } from '../tracing/tracedHistogram.ts';
import { version } from '../version.ts';
import { findRunning, type RunningServers } from './running.ts';

/** Connections that a command works with, to be closed at its end. */
export interface Connected {
  readonly context: AppContext;
  close(): Promise<void>;
}

/**
 * The address of a server: the configured one, or that of an `ebbtide up` which runs on this machine.
 *
 * @param key - where it is configured, for the message
 * @throws {EbbtideError} `SERVICE_MISSING` when it is to be embedded, and no `up` runs
 */
export const addressOf = (configured: string, server: keyof RunningServers, key: string): string => {
  if (configured !== embedded) return configured;
  const address = findRunning()?.[server];
  if (address !== undefined) return String(address);
  throw new EbbtideError(
    'SERVICE_MISSING',
    `Nothing runs that could answer: start "ebbtide up" first, or name a server at ${key} in the configuration`,
    { key },
  );
};

/**
 * Connect a command to Kafka and the schema registry.
 *
 * @param command - what this process is, for metrics and logs, e.g. `run lifecycle`
 * @throws {EbbtideError} `SERVICE_MISSING` or `KAFKA_UNAVAILABLE`
 */
export const connect = async (config: Config, command: string): Promise<Connected> => {
  const brokers = addressOf(config.kafka.brokers, 'kafka', 'kafka.brokers');
  const registry = openRegistry(config);
  const kafka = await connectKafka({ brokers, settings: config.kafka.settings });
  const tracing = await openTracing(config.tracing, command);
  const context: AppContext = {
    kafka,
    registry,
    metrics: createMetrics(command, version()),
    log: createLogger(command),
    tracing,
  };
  if (tracing) withExemplars(context.metrics);
  return {
    context,
    close: async () => {
      await kafka.close();
      await tracing?.close();
    },
  };
};

/** Name of the Kafka cluster that the archive keeps rows under: the configured one, or that of a running `up`'s brokers. */
export const clusterOf = ({ kafka, archive }: Config): string =>
  (kafka.brokers === embedded ? findRunning()?.cluster : undefined) ?? archive.cluster;

/** The configured schema registry, or that of a running `up`. */
export const openRegistry = ({ schemaRegistry }: Config): SchemaRegistry =>
  connectRegistry({
    ...schemaRegistry,
    url: addressOf(schemaRegistry.url, 'schemaRegistry', 'schemaRegistry.url'),
  });
