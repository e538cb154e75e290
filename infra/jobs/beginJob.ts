import type { PipelinePolicy } from '../../pipelines/orders.ts';
import type { AppContext } from '../context.ts';
import type { Producer } from '../kafka/types.ts';
import type { Tables } from './joinedTables.ts';
import type { openModels } from './models.ts';
import { publishPolicy } from './publishPolicy.ts';

/** What a pipeline has opened before it begins. */
export interface OpenedJob {
  readonly tables: Pick<Tables<unknown>, 'control' | 'caughtUp'>;
  readonly clockProducer: Producer;
  readonly models: Pick<Awaited<ReturnType<typeof openModels>>, 'announce'> & { readonly pool: { begin(): unknown } };
  /** Give all of it back. */
  readonly close: () => Promise<void>;
}

/**
 * Put a pipeline's policy in force and have its models chosen; where that fails, what was opened is given back.
 *
 * @param name - of the pipeline
 * @throws what {@link publishPolicy} throws
 */
export const beginJob = async (
  name: string,
  context: AppContext,
  policy: PipelinePolicy,
  { tables, clockProducer, models, close }: OpenedJob,
): Promise<void> => {
  try {
    await publishPolicy(name, context, clockProducer, tables, policy);
  } catch (error) {
    await close();
    throw error;
  }
  // A registry that is away must not keep the job from starting: partitions await what they need
  void models.announce(context, clockProducer, tables);
  void tables.caughtUp.then(() => models.pool.begin());
};
