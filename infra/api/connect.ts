import type { Registry } from 'prom-client';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import type { AppContext } from '../context.ts';
import type { ClusterOptions, Settings } from '../kafka/client.ts';
import { connectKafka } from '../kafka/connect.ts';
import { connectRegistry, type RegistryOptions } from '../kafka/registry.ts';
import { createLogger, type Logger } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { version } from '../version.ts';

/** What {@link connect} connects to. */
export interface ConnectOptions {
  /** Addresses of Kafka's brokers, `host:port` joined by commas. */
  readonly brokers: string;
  /** Further librdkafka settings of every client, such as `security.protocol`. */
  readonly settings?: Settings;
  /** How to reach a Confluent-compatible schema registry, or a registry. */
  readonly registry: RegistryOptions | SchemaRegistry;
  /** What this process is, in logs and in the metric `ebbtide_build_info`. @default embedded */
  readonly name?: string;
  /** Where metrics are registered. @default a registry of its own, with Node's own metrics */
  readonly metrics?: Registry;
  /** @default JSON to standard error, level by `EBBTIDE_LOG` */
  readonly log?: Logger;
}

/** Connections that jobs share. */
export interface Connection extends AppContext {
  readonly cluster: ClusterOptions;
  /** Close them; stop the jobs first. */
  close(): Promise<void>;
}

/**
 * Connect to Kafka and a schema registry.
 *
 * @throws {EbbtideError} `KAFKA_UNAVAILABLE` when no broker answers within 15 s
 * @example
 * const connection = await connect({ brokers: 'kafka:9092', registry: { url: 'http://registry:8081' } });
 */
export const connect = async (options: ConnectOptions): Promise<Connection> => {
  const { brokers, settings, registry, name = 'embedded', metrics, log } = options;
  const cluster: ClusterOptions = settings === undefined ? { brokers } : { brokers, settings };
  const kafka = await connectKafka(cluster);
  return {
    cluster,
    kafka,
    registry: 'register' in registry ? registry : connectRegistry(registry),
    metrics: metrics ?? createMetrics(name, version()),
    log: log ?? createLogger(name),
    close: () => kafka.close(),
  };
};
