import { configuredPolicyKey, type PipelinePolicy } from '../../pipelines/orders.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Control } from '../../schemas/generated/index.ts';
import { policyVersion } from '../../schemas/policy.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { readBack, type Tables } from './joinedTables.ts';

/**
 * Put the configured policy into `control`, where it is the pipeline's unless an administrator's goes before it.
 *
 * @param name - of the pipeline
 */
export const publishPolicy = async (
  name: string,
  { registry, log }: AppContext,
  producer: { send: Awaited<ReturnType<AppContext['kafka']['producer']>>['send'] },
  tables: Pick<Tables<unknown>, 'control' | 'caughtUp'>,
  policy: PipelinePolicy,
): Promise<void> => {
  const key = configuredPolicyKey(name);
  const version = policyVersion(policy);
  await tables.caughtUp;
  if (tables.control.at(key, Number.POSITIVE_INFINITY)?.version === version) return;
  const codec = await TopicCodec.open<Control>(topics.control, registry);
  const value = codec.encode({
    key,
    kind: 'policy',
    pipeline: name,
    subject: null,
    value: JSON.stringify(policy),
    version,
    expiresAt: null,
    at: Date.now(),
    by: 'configuration',
    reason: 'as configured at start',
  });
  await producer.send([{ topic: topics.control.name, partition: 0, key, value }]);
  await readBack(tables.control, key, version);
  log.info({ policyVersion: version, mode: policy.mode }, 'policy published');
};
