import type { Joined } from '../../operators/batch.ts';
import type { CredentialFacts, JoinedTopics } from '../../operators/decideTtl.ts';
import { lifecyclePolicies, ordersAsOf } from '../../pipelines/orders.ts';
import type { VersionedTable } from '../../pipelines/versionedTable.ts';
import type { Control, Credential } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { openTables, type Tables, type Told } from './joinedTables.ts';
import { tellRefused } from './tellRefused.ts';

/** Topics `control` and `credentials` as tables that are kept up to date. */
export interface JoinedTables {
  readonly control: VersionedTable<Control>;
  /** The table of one partition of `credentials`. */
  credentials(partition: number): VersionedTable<CredentialFacts>;
  /** What the operators of one partition join with. */
  forPartition(partition: number): JoinedTopics & { reached(joined: Joined): Promise<void> | undefined };
  /** See {@link Tables.forget}. */
  forget(joinedAt: ReadonlyMap<number, number>): void;
  /** Resolves once what was there at the start has been read. */
  readonly caughtUp: Promise<void>;
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Follow the topics that the lifecycle pipeline joins its telemetry with; see {@link openTables}.
 *
 * @param told - of each record of `control` as it is read, and of each record that can never be read, by topic
 */
export const openJoinedTables = async (
  context: AppContext,
  pipeline: string,
  told: Told = {},
): Promise<JoinedTables> => {
  const { control, beside, ...tables } = await openTables(context, topics.credentials, factsOf, told);
  return {
    ...tables,
    control,
    credentials: beside,
    forPartition(partition) {
      const table = beside(partition);
      const orders = ordersAsOf(pipeline, control, tellRefused(context.log), lifecyclePolicies);
      return {
        credential: (subject, joined) => table.at(subject, joined.credentials),
        orders: (joined, time) => orders(joined.control, time),
        reached: (joined) => control.reached(joined.control) ?? table.reached(joined.credentials),
      };
    },
  };
};

const factsOf = (credential: Credential): CredentialFacts => ({
  ttlMs: credential.ttlMs,
  maxTtlMs: credential.maxTtlMs,
  issuedAt: credential.issuedAt,
  ended: credential.status === 'ended',
  ...(credential.function === '' ? {} : { function: credential.function }),
});
