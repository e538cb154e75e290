import { EbbtideError } from '../../../schemas/errors.ts';
import type { SchemaRegistry } from '../../../schemas/registry.ts';
import { subjectOf, topics } from '../../../schemas/topics.ts';
import type { AppContext, Running } from '../../context.ts';
import { dataFolder } from '../../paths.ts';
import { HostAgent } from './agent.ts';
import type { HostAgentConfig } from './config.ts';
import { registerAgentMetrics } from './metrics.ts';
import { traceTelemetry } from './traced.ts';

/** A host agent that runs in this process. */
export interface RunningHostAgent extends Running {
  /** Unix socket for the client library; undefined where none is open. */
  readonly socketFile: string | undefined;
}

/** Where an agent writes, and how. */
export const telemetryTopic = (): { topic: string; schema: string } => ({
  topic: topics.telemetryResource.name,
  schema: JSON.stringify(topics.telemetryResource.schema),
});

/** The id under which a registry knows a schema of `telemetry.resource`. */
export const telemetrySchemaId =
  (registry: SchemaRegistry) =>
  (schema: string): Promise<number> =>
    registry.register(subjectOf(topics.telemetryResource.name), JSON.parse(schema));

/**
 * Start the host agent inside a process that has everything; alone it is `main.ts`, which takes far less memory.
 *
 * @throws {EbbtideError} `RUNTIME_MISSING` where this is not Linux, `CONFIG_INVALID` where folder or socket are in use
 * @example
 * const agent = await startHostAgent(context, hostAgentConfig.parse({ targets: [{ pid: 4711, credentialId: 'c-1' }] }));
 */
export const startHostAgent = async (context: AppContext, config: HostAgentConfig): Promise<RunningHostAgent> => {
  const agent = new HostAgent({
    ...telemetryTopic(),
    config,
    spoolFolder: config.spoolFolder || dataFolder('agent'),
    log: context.log.child({ component: 'agent' }),
    connect: async () => {
      const producer = await context.kafka.producer();
      return context.tracing ? traceTelemetry(producer, context.tracing) : producer;
    },
    schemaId: telemetrySchemaId(context.registry),
  });
  try {
    await agent.start();
  } catch (error) {
    await agent.close();
    throw error instanceof EbbtideError
      ? error
      : new EbbtideError('CONFIG_INVALID', `The host agent cannot start: ${(error as Error).message}`, {}, error);
  }
  registerAgentMetrics(context.metrics, () => agent.counts());
  return {
    name: 'agent',
    socketFile: agent.socketFile,
    health: async () => agent.health(),
    failed: new Promise<never>(() => {}),
    close: () => agent.close(),
  };
};
