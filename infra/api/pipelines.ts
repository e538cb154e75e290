import type { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import { parseLifecyclePolicy } from '../../schemas/policy.ts';
import { parseScopePolicy } from '../../schemas/scopePolicy.ts';
import { lifecycleConfigSchema, scopeConfigSchema } from '../jobs/config.ts';
import { startLifecycle } from '../jobs/lifecycle.ts';
import { startRuntime } from '../jobs/runtime.ts';
import { startScope } from '../jobs/scope.ts';
import type { Job } from './job.ts';

/** How one of Ebbtide's own pipelines runs. Keys are those of `ebbtide.yaml`, and what is not given has its default. */
export interface PipelineOptions {
  /** Keys of the pipeline's own section, such as `groupId`, `batchSize` and `model`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Keys of its policy, such as `mode`. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

/**
 * The lifecycle pipeline: `telemetry.resource` to scores, and to decisions on the life of credentials.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` or `POLICY_INVALID`, naming each key that is wrong
 * @example
 * const running = await runJob(connection, lifecycle({ policy: { mode: 'shadow' } }));
 */
export const lifecycle = ({ config, policy = {} }: PipelineOptions = {}): Job => {
  const complete = configOf('lifecycle', lifecycleConfigSchema, config);
  const rules = parseLifecyclePolicy(policy);
  return {
    name: 'lifecycle',
    async start(connection) {
      await startRuntime(connection, 'auto');
      return startLifecycle(connection, connection.cluster, complete, rules);
    },
  };
};

/**
 * The scope pipeline: `telemetry.api` to risks, decisions and overrides of scope.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` or `POLICY_INVALID`, naming each key that is wrong
 * @example
 * const running = await runJob(connection, scope());
 */
export const scope = ({ config, policy = {} }: PipelineOptions = {}): Job => {
  const complete = configOf('scope', scopeConfigSchema, config);
  const rules = parseScopePolicy(policy);
  return {
    name: 'scope',
    start: (connection) => startScope(connection, connection.cluster, complete, rules),
  };
};

const configOf = <Schema extends z.ZodType>(
  section: string,
  schema: Schema,
  value: Readonly<Record<string, unknown>> = {},
): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${[section, ...path].join('.')} ${message}`);
  throw new EbbtideError('CONFIG_INVALID', problems.join('; '), { problems });
};
