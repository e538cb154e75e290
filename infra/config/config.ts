import { z } from 'zod';
import { httpConfig, kafkaConfig, schemaRegistryConfig } from './connections.ts';

/**
 * Everything that `ebbtide.yaml` may say. Each section's schema stands beside the component that it configures.
 *
 * Every key has a default, so that no file at all is a valid configuration: the embedded one.
 */
export const configSchema = z.strictObject({
  kafka: kafkaConfig.prefault({}).describe('Kafka'),
  schemaRegistry: schemaRegistryConfig.prefault({}).describe('Schema registry'),
  http: httpConfig.prefault({}).describe('Health and metrics of processes without a console'),
});

/** A configuration, complete and checked. */
export type Config = z.output<typeof configSchema>;
