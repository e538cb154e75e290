import { configuredPolicyKey, type PipelinePolicy } from '../../pipelines/orders.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Control } from '../../schemas/generated/index.ts';
import { policyVersion } from '../../schemas/policy.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { isForbidden } from '../kafka/client.ts';
import { readBack, type Tables } from './joinedTables.ts';

/** The record by which a configured policy is in force, unless an administrator's goes before it. */
export const configuredPolicy = (name: string, policy: PipelinePolicy, at: number): Control => ({
  key: configuredPolicyKey(name),
  kind: 'policy',
  pipeline: name,
  subject: null,
  value: JSON.stringify(policy),
  version: policyVersion(policy),
  expiresAt: null,
  at,
  by: 'configuration',
  reason: 'as configured at start',
});

/**
 * Put the configured policy into `control`, where it is the pipeline's unless an administrator's goes before it.
 *
 * A pipeline that may not write there goes on with the configured policy that an administrator has published.
 *
 * @param name - of the pipeline
 * @throws {EbbtideError} `KAFKA_REJECTED` where it may not write, and none is published
 */
export const publishPolicy = async (
  name: string,
  { registry, log }: AppContext,
  producer: { send: Awaited<ReturnType<AppContext['kafka']['producer']>>['send'] },
  tables: Pick<Tables<unknown>, 'control' | 'caughtUp'>,
  policy: PipelinePolicy,
): Promise<void> => {
  const record = configuredPolicy(name, policy, Date.now());
  const { key, version } = record;
  await tables.caughtUp;
  const before = tables.control.at(key, Number.POSITIVE_INFINITY)?.version;
  if (before === version) return;
  const codec = await TopicCodec.open<Control>(topics.control, registry);
  try {
    await producer.send([{ topic: topics.control.name, partition: 0, key, value: codec.encode(record) }]);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const how = 'an administrator publishes it by "ebbtide control publish"';
    if (before === undefined)
      throw new EbbtideError(
        'KAFKA_REJECTED',
        `The policy of ${name} is not in topic control, and this process may not write there: ${how}`,
        { pipeline: name, version },
        error,
      );
    log.warn({ configured: version, inForce: before }, `configured policy is not the one in force: ${how}`);
    return;
  }
  await readBack(tables.control, key, version);
  log.info({ policyVersion: version, mode: policy.mode }, 'policy published');
};
