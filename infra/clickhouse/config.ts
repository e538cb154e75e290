import { z } from 'zod';
import { certificateWithKey, clientTlsKeys } from '../http/clientTls.ts';
import { archivedTopics } from './tables.ts';

const days = (standard: number, what: string) =>
  z.int().min(0).max(20_000).default(standard).describe(`Days that ${what} are kept; 0 for ever`);

/** Tables whose rows are deleted some days after the broker received them; 0 keeps them for ever. */
export const retentionConfig = z.strictObject({
  credentials: days(0, 'versions of the register'),
  telemetry_resource: days(90, 'samples of resources'),
  telemetry_clock: days(90, 'clock records and heartbeats'),
  telemetry_api: days(90, 'API calls'),
  telemetry_api_clock: days(90, 'clock records among API calls'),
  telemetry_access: days(365, 'logins and uses of machines'),
  telemetry_access_clock: days(90, 'clock records of pre-provisioning'),
  telemetry_biometric: days(30, 'features of behaviour'),
  scores: days(365, 'scores'),
  decisions: days(730, 'decisions'),
  effects: days(730, 'effects'),
  translations: days(0, 'rows of the credential translation table'),
  scope_overrides: days(0, 'overrides of scope'),
  provisions: days(730, 'steps of pre-provisioned credentials'),
  machines: days(0, "changes of machines' states"),
  control: days(0, 'settings'),
  labels: days(0, "analysts' judgements"),
  investigations: days(0, 'steps of investigations'),
  actions: days(0, 'the record of what people did'),
  approvals: days(730, 'requests that two people must agree on'),
  alerts: days(365, 'alerts'),
  threat_indicators: days(90, 'versions of threat feeds'),
  notifications: days(365, 'notifications of alerts'),
  signals: days(730, 'security event tokens'),
  dead_letters: days(30, 'records that could not be processed'),
});

/** Days that rows are kept, by table without `_raw`. */
export type Retention = z.output<typeof retentionConfig>;

/** How to reach ClickHouse, and how long it keeps what it is given. */
export const clickhouseConfig = z
  .strictObject({
    url: z
      .string()
      .min(1)
      .default('embedded')
      .describe('URL of a ClickHouse server (HTTP interface); "embedded" starts the real engine as a child process'),
    database: z
      .string()
      .regex(/^[A-Za-z_]\w*$/)
      .default('ebbtide')
      .describe('Database, created where it is missing'),
    username: z
      .string()
      .min(1)
      .default('default')
      .describe('User; it needs CREATE, ALTER, SELECT and INSERT in the database'),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a secret is written in the configuration
    password: z.string().optional().describe('Password, as ${ENV:NAME}'),
    passwordFile: z.string().optional().describe('File that holds the password instead'),
    ...clientTlsKeys('ClickHouse'),
    requestTimeoutMs: z
      .int()
      .min(1000)
      .max(3_600_000)
      .default(60_000)
      .describe('Longest wait for an answer, milliseconds'),
    maxConnections: z.int().min(1).max(1000).default(8).describe('Connections kept open at most'),
    compression: z
      .boolean()
      .optional()
      .describe('Compress requests and answers; by default where the server is not on this machine'),
    retentionDays: retentionConfig
      .prefault({})
      .describe('Days that rows are kept, by table, counted from when the broker received them; 0 keeps them for ever'),
  })
  .superRefine(certificateWithKey('url'));

/** {@link clickhouseConfig}, complete. */
export type ClickHouseConfig = z.output<typeof clickhouseConfig>;

/** How the archive pipeline reads Kafka and writes ClickHouse. */
export const archiveConfig = z.strictObject({
  groupId: z.string().min(1).default('ebbtide-archive').describe('Consumer group'),
  cluster: z
    .string()
    .min(1)
    .default('default')
    .describe(
      'Name of the Kafka cluster, kept with each row, since offsets mean something within one cluster alone; change it when a cluster is replaced',
    ),
  topics: z
    .array(z.enum(archivedTopics.map(({ topic }) => topic.name)))
    .min(1)
    .default(archivedTopics.map(({ topic }) => topic.name))
    .describe('Topics to archive'),
  batchSize: z.int().min(1).max(100_000).default(5000).describe('Messages in one insert at most'),
  flushRows: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .describe('Rows that are enough for an insert; with fewer, the next insert waits so that it becomes larger'),
  flushMs: z
    .int()
    .min(0)
    .max(60_000)
    .default(500)
    .describe('Longest such wait, milliseconds: a longer one makes fewer, larger parts, and shows rows later'),
  retryFirstMs: z
    .int()
    .min(1)
    .max(60_000)
    .default(200)
    .describe('Wait before trying again when ClickHouse is away, milliseconds; doubles'),
  retryMaxMs: z.int().min(1).max(600_000).default(15_000).describe('Longest such wait, milliseconds'),
  drainMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(10_000)
    .describe('Longest wait for the insert in progress when stopping, milliseconds'),
});

/** {@link archiveConfig}, complete. */
export type ArchiveConfig = z.output<typeof archiveConfig>;
