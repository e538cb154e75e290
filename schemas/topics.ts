import type avsc from 'avsc';
import {
  AccessTelemetrySchema,
  AlertSchema,
  ApiTelemetrySchema,
  ApiTokenSchema,
  ApprovalSchema,
  AuditEventSchema,
  AuthenticationSchema,
  BaselineSchema,
  BiometricTelemetrySchema,
  ControlSchema,
  CredentialSchema,
  DeadLetterSchema,
  DecisionSchema,
  EffectSchema,
  InvestigationSchema,
  KeylifeStateSchema,
  LabelSchema,
  LifecycleStateSchema,
  MachineSchema,
  NotificationSchema,
  PreprovisionStateSchema,
  ProvisionSchema,
  ResourceTelemetrySchema,
  ScopeOverrideSchema,
  ScopeStateSchema,
  ScoreSchema,
  SignalSchema,
  ThreatIndicatorsSchema,
  TranslationSchema,
} from './generated/index.ts';

/** A topic's contract: what its messages hold, what keys them, and how the broker keeps them. */
export interface TopicSpec {
  readonly name: string;
  readonly schema: avsc.Schema;
  /** Name of the field whose text is the message key. */
  readonly key: string;
  /** `partitioned` topics are co-partitioned with each other; `single` ones have one partition, read by all. */
  readonly partitioning: 'partitioned' | 'single';
  /** `compact` keeps the last record of each key, `delete` keeps `retentionMs`. */
  readonly cleanup: 'compact' | 'delete';
  /** How long the broker keeps records, milliseconds; -1 keeps them for ever. Time is the broker's append time. */
  readonly retentionMs: number;
}

const day = 86_400_000;
const topic = (
  name: string,
  schema: unknown,
  key: string,
  rest: Partial<Pick<TopicSpec, 'partitioning' | 'cleanup' | 'retentionMs'>> = {},
): TopicSpec => ({
  name,
  schema: schema as avsc.Schema,
  key,
  partitioning: 'partitioned',
  cleanup: 'delete',
  retentionMs: rest.cleanup === 'compact' ? -1 : 7 * day,
  ...rest,
});

/** Every topic of Ebbtide. Subjects in the schema registry follow TopicNameStrategy: `<topic>-value`. */
export const topics = {
  credentials: topic('credentials', CredentialSchema, 'credentialId', { cleanup: 'compact' }),
  telemetryResource: topic('telemetry.resource', ResourceTelemetrySchema, 'credentialId'),
  telemetryApi: topic('telemetry.api', ApiTelemetrySchema, 'frontendCredential'),
  telemetryAccess: topic('telemetry.access', AccessTelemetrySchema, 'user'),
  telemetryBiometric: topic('telemetry.biometric', BiometricTelemetrySchema, 'user'),
  baselines: topic('baselines', BaselineSchema, 'user', { cleanup: 'compact' }),
  authentications: topic('authentications', AuthenticationSchema, 'user'),
  scores: topic('scores', ScoreSchema, 'subject'),
  decisions: topic('decisions', DecisionSchema, 'subject', { retentionMs: 30 * day }),
  effects: topic('effects', EffectSchema, 'subject', { retentionMs: 30 * day }),
  control: topic('control', ControlSchema, 'key', { partitioning: 'single', cleanup: 'compact' }),
  translations: topic('translations', TranslationSchema, 'key', { cleanup: 'compact' }),
  scopeOverrides: topic('scope-overrides', ScopeOverrideSchema, 'frontendCredential', { cleanup: 'compact' }),
  provisions: topic('provisions', ProvisionSchema, 'pair', { cleanup: 'compact' }),
  machines: topic('machines', MachineSchema, 'vm', { cleanup: 'compact' }),
  threatIndicators: topic('threat-indicators', ThreatIndicatorsSchema, 'key', {
    partitioning: 'single',
    cleanup: 'compact',
  }),
  labels: topic('labels', LabelSchema, 'subject', { retentionMs: -1 }),
  investigations: topic('investigations', InvestigationSchema, 'stepId', {
    partitioning: 'single',
    cleanup: 'compact',
  }),
  actions: topic('actions', AuditEventSchema, 'subject', { retentionMs: 30 * day }),
  approvals: topic('approvals', ApprovalSchema, 'approvalId', { partitioning: 'single', retentionMs: 30 * day }),
  tokens: topic('tokens', ApiTokenSchema, 'tokenId', { partitioning: 'single', cleanup: 'compact' }),
  alerts: topic('alerts', AlertSchema, 'subject', { retentionMs: 30 * day }),
  notifications: topic('notifications', NotificationSchema, 'notificationId', { retentionMs: 30 * day }),
  signals: topic('signals', SignalSchema, 'subject', { retentionMs: 30 * day }),
  stateScope: topic('state.scope', ScopeStateSchema, 'subject', { cleanup: 'compact' }),
  statePreprovision: topic('state.preprovision', PreprovisionStateSchema, 'pair', { cleanup: 'compact' }),
  stateLifecycle: topic('state.lifecycle', LifecycleStateSchema, 'subject', { cleanup: 'compact' }),
  stateKeylife: topic('state.keylife', KeylifeStateSchema, 'subject', { cleanup: 'compact' }),
  deadLetters: topic('dead-letters', DeadLetterSchema, 'topic', { retentionMs: 30 * day }),
} as const satisfies Record<string, TopicSpec>;

/** The schema registry's subject for a topic's values (TopicNameStrategy). */
export const subjectOf = (topicName: string): string => `${topicName}-value`;
