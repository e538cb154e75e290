/**
 * What the lean agent must not load into its own process: the configuration's schema and the registry's client.
 * `main.ts` runs this file as a child, which answers as JSON on standard output and ends.
 *
 *   prepare config [file]      the configuration, checked
 *   prepare schema-id [file]   the registry's id of the schema on standard input
 */
import { readFileSync } from 'node:fs';
import { EbbtideError, isEbbtideError } from '../../../schemas/errors.ts';
import { embedded } from '../../config/connections.ts';
import { loadConfig } from '../../config/load.ts';
import { dataFolder } from '../../paths.ts';
import type { HostAgentConfig } from './config.ts';
import { telemetrySchemaId, telemetryTopic } from './start.ts';

/** What the lean agent needs of the configuration. */
export interface PreparedAgent {
  readonly topic: string;
  readonly schema: string;
  readonly agent: HostAgentConfig;
  readonly kafka: { readonly brokers: string; readonly settings?: Record<string, string | number | boolean> };
  /** Absent where nothing is traced. */
  readonly tracing?: { readonly endpoint: string; readonly sampleRatio: number };
  readonly http: { readonly host: string; readonly port: number };
}

const prepareConfig = (file: string | undefined): PreparedAgent => {
  const { config } = loadConfig(file);
  if (config.kafka.brokers === embedded || config.schemaRegistry.url === embedded)
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Keys kafka.brokers and schemaRegistry.url must be addresses for an agent in a process of its own, got ${JSON.stringify(config.kafka.brokers)} and ${JSON.stringify(config.schemaRegistry.url)}; what is embedded lives in the process of "ebbtide up"`,
      { brokers: config.kafka.brokers, registry: config.schemaRegistry.url },
    );
  const spoolFolder = config.agent.spoolFolder || dataFolder('agent');
  const { endpoint, sampleRatio } = config.tracing;
  return {
    ...telemetryTopic(),
    agent: { ...config.agent, spoolFolder },
    kafka: config.kafka,
    http: config.http,
    ...(endpoint === undefined ? {} : { tracing: { endpoint, sampleRatio } }),
  };
};

const prepareSchemaId = async (file: string | undefined): Promise<number> => {
  const { schemaRegistry } = loadConfig(file).config;
  const { connectRegistry } = await import('../../kafka/registry.ts');
  const registry = connectRegistry(schemaRegistry);
  return telemetrySchemaId(registry)(readFileSync(0, 'utf8'));
};

const [what, file] = process.argv.slice(2);
try {
  const answer = what === 'schema-id' ? await prepareSchemaId(file) : prepareConfig(file);
  process.stdout.write(JSON.stringify(answer));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = isEbbtideError(error, 'CONFIG_INVALID') ? 2 : 1;
}
