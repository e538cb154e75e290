import { configuredPolicyKey, type PipelinePolicy } from '../../pipelines/orders.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Control } from '../../schemas/generated/index.ts';
import { policyVersion } from '../../schemas/policy.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import type { Tables } from './joinedTables.ts';

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
  // Reckoned before it is sent: it may be read before sending is known to have succeeded
  const after = tables.control.position + 1;
  await producer.send([{ topic: topics.control.name, partition: 0, key, value }]);
  await tables.control.reached(after);
  log.info({ policyVersion: version, mode: policy.mode }, 'policy published');
};
