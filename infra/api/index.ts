/**
 * Ebbtide as a library: its pipelines in a process of one's own, and pipelines of one's own beside them, exactly once.
 *
 * @example
 * import { connect, lifecycle, runJob } from 'ebbtide';
 *
 * const connection = await connect({ brokers: 'kafka:9092', registry: { url: 'http://registry:8081' } });
 * const running = await runJob(connection, lifecycle({ policy: { mode: 'shadow' } }));
 * process.once('SIGTERM', async () => {
 *   await running.close();
 *   await connection.close();
 * });
 *
 * @packageDocumentation
 */
export type { InputBatch, InputMessage, Rejected } from '../../operators/batch.ts';
export type { BatchRecord, RecordBatch } from '../../operators/decodeRecords.ts';
export { TopicCodec } from '../../schemas/codec.ts';
export { EbbtideError, type ErrorCode, isEbbtideError } from '../../schemas/errors.ts';
export type {
  AccessClock,
  AccessKind,
  AccessTelemetry,
  Action,
  Alert,
  AlertSeverity,
  ApiClock,
  ApiTelemetry,
  Clock,
  Contribution,
  Credential,
  CredentialKind,
  CredentialStatus,
  DeadLetter,
  Decision,
  Effect,
  EffectAction,
  Mode,
  ModelRole,
  Outcome,
  ResourceSample,
  ResourceTelemetry,
  Score,
  Shortening,
} from '../../schemas/generated/index.ts';
export type { RefusalLimits } from '../../schemas/refusals.ts';
export { MemoryRegistry, type SchemaRegistry } from '../../schemas/registry.ts';
export { type TopicSpec, topics } from '../../schemas/topics.ts';
export type { AppContext, Health, Running } from '../context.ts';
export type { ClusterOptions, Settings } from '../kafka/client.ts';
export { type MockCluster, startMockCluster } from '../kafka/mock.ts';
export type { RegistryOptions } from '../kafka/registry.ts';
export type {
  GroupConsumer,
  Kafka,
  Message,
  MessageBatch,
  OutgoingMessage,
  Producer,
  ProducerOptions,
  Tail,
  TailFrom,
  UnacknowledgedOptions,
  UnacknowledgedProducer,
} from '../kafka/types.ts';
export { type Connection, type ConnectOptions, connect } from './connect.ts';
export { type Job, type JobOptions, job, runJob } from './job.ts';
export { lifecycle, type PipelineOptions, scope } from './pipelines.ts';
