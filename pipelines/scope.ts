import { type OperatorFunction, pipe } from 'rxjs';
import type { ScopeModel } from '../models/scope/model.ts';
import { awaitJoined } from '../operators/awaitJoined.ts';
import type { InputBatch, OutputBatch } from '../operators/batch.ts';
import type { ModelChoice } from '../operators/modelChoice.ts';
import { assessCalls } from '../operators/scope/assessCalls.ts';
import type { ScopeTopics } from '../operators/scope/assessWindows.ts';
import type { CallBatch, ScopeBatch, ScopeCounts } from '../operators/scope/batch.ts';
import { scopeDecider } from '../operators/scope/decideScope.ts';
import { type CallReader, decodeCalls } from '../operators/scope/decodeCalls.ts';
import { type ScopeEncoders, type ScopePartition, toScopeOutput } from '../operators/scope/toScopeOutput.ts';
import type { ApiClock } from '../schemas/generated/index.ts';

/** What the scope pipeline works with on one partition of `telemetry.api`. */
export interface ScopeTask {
  readonly partition: ScopePartition;
  readonly reader: CallReader;
  readonly topics: ScopeTopics & { reached(clock: ApiClock): Promise<void> | undefined };
  /** Which models assess where in the stream. */
  readonly models: ModelChoice<ScopeModel>;
  readonly encoders: ScopeEncoders;
  readonly counts: ScopeCounts;
}

/** The part of {@link ScopeTask} that decides, whatever calls are read from and decisions written to. */
export type ScopeDecisionTask = Pick<ScopeTask, 'topics' | 'models' | 'counts'> & {
  readonly partition: Pick<ScopePartition, 'name' | 'credentials' | 'time' | 'budget'>;
};

/** From decoded calls to decisions: the same wherever it runs, live, in a replay or in an evaluation. */
export const decideOnCalls = ({
  partition,
  topics,
  models,
  counts,
}: ScopeDecisionTask): OperatorFunction<CallBatch, ScopeBatch> =>
  pipe(
    awaitJoined<ApiClock, CallBatch>((clock) => topics.reached(clock)),
    assessCalls({
      pipeline: partition.name,
      credentials: partition.credentials,
      time: partition.time,
      models,
      topics,
      decide: scopeDecider(partition.budget, counts),
      counts,
    }),
  );

/**
 * Dynamic scope: API calls of frontend credentials in; scores, decisions on their scope, the overrides that gateways
 * apply, and the changelog out.
 */
export const scope = (task: ScopeTask): OperatorFunction<InputBatch, OutputBatch> =>
  pipe(decodeCalls(task.reader), decideOnCalls(task), toScopeOutput(task.partition, task.encoders));
