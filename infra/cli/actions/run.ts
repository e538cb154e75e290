import { addressOf } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { type PipelineName, pipelines } from '../pipelines.ts';
import { beProcess } from '../process.ts';
import { vaultOf } from '../vault-login.ts';

/** Run pipelines until stopped. */
export const run: Action<object, [PipelineName[]]> = async ({ terminal, load }, _options, names) => {
  const { config } = await load();
  const servers = {
    brokers: addressOf(config.kafka.brokers, 'kafka', 'kafka.brokers'),
    clickhouse: () => ({ ...config.clickhouse, url: addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url') }),
    vault: (service: 'actuator' | 'keylife') => vaultOf(config, service),
  };
  const wanted = [...new Set(names)];
  return beProcess(
    config,
    `run ${wanted.join(' ')}`,
    terminal,
    wanted.map((name) => (context) => pipelines[name](context, config, servers)),
  );
};
