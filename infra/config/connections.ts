import { z } from 'zod';
import { topics } from '../../schemas/topics.ts';
import { certificateWithKey, clientTlsKeys } from '../http/clientTls.ts';

/** Address that stands for the server which Ebbtide brings up itself. */
export const embedded = 'embedded';

/** An address that is `embedded` unless it is given. */
export const address = (what: string) => z.string().min(1).default(embedded).describe(what);

/** Topics whose records end by age; of the others the last record of each key stays. */
const endingTopics = Object.values(topics).flatMap(({ name, cleanup }) => (cleanup === 'delete' ? [name] : []));

/** How to reach Kafka and its schema registry. */
export const kafkaConfig = z.strictObject({
  brokers: address(
    'Addresses, host:port joined by commas; "embedded" starts a cluster of mock brokers in the process, which keeps nothing on disk',
  ),
  settings: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe(
      'Further librdkafka settings of every client, such as security.protocol, sasl.mechanisms, sasl.username and sasl.password',
    ),
  lostAfterMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(600_000)
    .describe(
      'A process of run or serve whose client had no answer for this long, milliseconds, while a new client is answered, ends with status 1, to be started anew; 0 never',
    ),
  partitions: z.int().min(1).max(1024).default(4).describe('Partitions of topics that are created here'),
  retentionMs: z
    .partialRecord(z.enum(endingTopics), z.int().min(-1))
    .default({})
    .describe(
      'How long the broker keeps records of topics that are created here, by topic, milliseconds, -1 for ever; else 7 days, and 30 of decisions and what came of them',
    ),
});

/** {@link kafkaConfig}, complete. */
export type KafkaConfig = z.output<typeof kafkaConfig>;

/** How to reach a schema registry. */
export const schemaRegistryConfig = z
  .strictObject({
    url: address('URL of a Confluent-compatible registry; "embedded" keeps schemas in memory'),
    username: z.string().optional().describe('Name for basic authentication'),
    password: z.string().optional().describe('Password for basic authentication, taken from the environment'),
    passwordFile: z.string().optional().describe('File that holds the password instead'),
    ...clientTlsKeys('the registry'),
  })
  .superRefine(certificateWithKey('url'));

/** The port where `run`, `serve` and `agent` answer `/health` and `/metrics`. */
export const httpConfig = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on'),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(9464)
    .describe("Port; 0 takes a free one. `up` answers on the console's port instead"),
});
