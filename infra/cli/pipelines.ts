import { openModelRegistry } from '../../models/registry/open.ts';
import { startNotify } from '../alerts/start.ts';
import { openArchive } from '../clickhouse/client.ts';
import type { ClickHouseConfig } from '../clickhouse/config.ts';
import type { Config } from '../config/config.ts';
import type { AppContext, Running } from '../context.ts';
import { startActuate } from '../jobs/actuate.ts';
import { startArchive } from '../jobs/archive.ts';
import {
  keylifeConfigSchema,
  lifecycleConfigSchema,
  preprovisionConfigSchema,
  scopeConfigSchema,
} from '../jobs/config.ts';
import { startKeylife } from '../jobs/keylife.ts';
import { startLifecycle } from '../jobs/lifecycle.ts';
import { startPreprovision } from '../jobs/preprovision.ts';
import { startRuntime } from '../jobs/runtime.ts';
import { startScope } from '../jobs/scope.ts';
import { startThreat } from '../threat/start.ts';
import type { VaultConfig } from '../vault/config.ts';
import { version } from '../version.ts';
import { retrainedModels } from './retrain-registry.ts';

/** What pipelines are started with, beside Kafka. */
export interface PipelineServers {
  readonly brokers: string;
  readonly clickhouse: () => ClickHouseConfig;
  readonly vault: (service: 'actuator' | 'keylife') => VaultConfig;
}

/** Every pipeline by name. */
export const pipelines = {
  lifecycle: async (context: AppContext, config: Config, { brokers }: PipelineServers): Promise<Running> => {
    await startRuntime(context, config.models.runtime);
    const { instanceId, ...rest } = config.lifecycle;
    const complete = lifecycleConfigSchema.parse(instanceId === undefined ? rest : { ...rest, instanceId });
    return startLifecycle(
      context,
      { brokers, settings: config.kafka.settings },
      complete,
      config.policy.lifecycle,
      await openModelRegistry(config.models),
    );
  },
  scope: async (context: AppContext, config: Config, { brokers }: PipelineServers): Promise<Running> => {
    await startRuntime(context, config.models.runtime);
    const { instanceId, ...rest } = config.scope;
    const complete = scopeConfigSchema.parse(instanceId === undefined ? rest : { ...rest, instanceId });
    return startScope(
      context,
      { brokers, settings: config.kafka.settings },
      complete,
      config.policy.scope,
      await openModelRegistry(config.models),
    );
  },
  keylife: async (context: AppContext, config: Config, { brokers, vault }: PipelineServers): Promise<Running> => {
    const { instanceId, ...rest } = config.keylife;
    const complete = keylifeConfigSchema.parse(instanceId === undefined ? rest : { ...rest, instanceId });
    const cluster = { brokers, settings: config.kafka.settings };
    const registry = await openModelRegistry(config.models);
    return startKeylife(context, cluster, complete, config.policy.keylife, vault('keylife'), registry);
  },
  preprovision: async (context: AppContext, config: Config, { brokers }: PipelineServers): Promise<Running> => {
    const { instanceId, ...rest } = config.preprovision;
    const complete = preprovisionConfigSchema.parse(instanceId === undefined ? rest : { ...rest, instanceId });
    await startRuntime(context, config.models.runtime);
    const cluster = { brokers, settings: config.kafka.settings };
    const registry = await openModelRegistry(config.models);
    return startPreprovision(context, cluster, complete, config.policy.preprovision, registry);
  },
  actuate: (context: AppContext, config: Config, { vault }: PipelineServers): Promise<Running> =>
    startActuate(context, { vault: vault('actuator'), actuator: config.actuate }),
  archive: async (context: AppContext, config: Config, { clickhouse }: PipelineServers): Promise<Running> => {
    const archive = openArchive(clickhouse());
    const running = await startArchive({ ...context, archive }, config.archive);
    return {
      ...running,
      close: async () => {
        await running.close();
        await archive.close();
      },
    };
  },
  threat: (context: AppContext, config: Config): Promise<Running> => startThreat(context, config.threat),
  notify: (context: AppContext, config: Config): Promise<Running> =>
    startNotify(context, config.notify, { mail: config.mail }),
  retrain: async (context: AppContext, config: Config, { clickhouse }: PipelineServers): Promise<Running> => {
    const { startRetrain } = await import('../jobs/retrain/start.ts');
    const archive = openArchive(clickhouse());
    const running = await startRetrain(
      context,
      {
        archive,
        models: await retrainedModels(config, context, config.retrain.kinds),
        code: version(),
        now: Date.now,
      },
      config.retrain,
    );
    return {
      ...running,
      close: async () => {
        await running.close();
        await archive.close();
      },
    };
  },
} as const;

/** Name of a pipeline. */
export type PipelineName = keyof typeof pipelines;
