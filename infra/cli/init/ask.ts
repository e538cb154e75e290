import { input, number, select } from '@inquirer/prompts';
import { embedded } from '../../config/connections.ts';
import { type Answers, defaultAnswers } from './compose.ts';

const brokers = (text: string): true | string =>
  text === embedded ||
  /^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$/.test(text) ||
  'Give host:port, joined by commas, or embedded';
const url = (text: string): true | string =>
  text === embedded ||
  /^https?:\/\/[^\s/]+/.test(text) ||
  'Give a URL that begins with http:// or https://, or embedded';

/**
 * Ask for what is not given.
 *
 * @param streams - where is asked and answered. @default standard error, so that results alone go to standard output
 * @throws {Error} `ExitPromptError` when whoever is asked leaves
 */
export const askFor = async (
  given: Partial<Answers>,
  context: { readonly input?: NodeJS.ReadableStream; readonly output?: NodeJS.WritableStream } = {
    output: process.stderr,
  },
): Promise<Answers> => {
  const text = (message: string, validate: (text: string) => true | string, key: 'kafka' | 'vault') =>
    given[key] ?? input({ message, default: defaultAnswers[key], validate }, context);
  const server = (message: string, key: 'schemaRegistry' | 'clickhouse') =>
    given[key] ?? input({ message, default: defaultAnswers[key], validate: url }, context);

  const kafka = await text('Kafka brokers (embedded: mock brokers, for trying out)', brokers, 'kafka');
  const own = kafka !== embedded;
  const kafkaSecurity =
    given.kafkaSecurity ??
    (own
      ? await select(
          {
            message: 'How do you speak to them?',
            choices: [
              { name: 'unencrypted', value: 'plaintext' as const },
              { name: 'TLS', value: 'ssl' as const },
              { name: 'TLS, with name and password (SCRAM)', value: 'sasl_ssl' as const },
            ],
          },
          context,
        )
      : defaultAnswers.kafkaSecurity);
  const partitions =
    given.partitions ??
    (own
      ? await number(
          { message: 'Partitions of each topic, 1 to 1024', default: 4, min: 1, max: 1024, required: true },
          context,
        )
      : defaultAnswers.partitions);
  const schemaRegistry = await server('Schema registry (URL, or embedded)', 'schemaRegistry');
  const clickhouse = await server('ClickHouse (URL, or embedded)', 'clickhouse');
  const vault = await text('Vault or OpenBao (URL, or embedded: a real OpenBao beside Ebbtide)', url, 'vault');
  const vaultLogin =
    given.vaultLogin ??
    (vault === embedded
      ? defaultAnswers.vaultLogin
      : await select(
          {
            message: 'How do services log in at Vault?',
            choices: [
              { name: 'AppRole, with files', value: 'approle' as const },
              { name: 'Kubernetes service accounts', value: 'kubernetes' as const },
            ],
          },
          context,
        ));
  const mode =
    given.mode ??
    (await select(
      {
        message: 'What may Ebbtide do?',
        choices: [
          { name: 'shadow: decide and record, but touch nothing', value: 'shadow' as const },
          { name: 'enforce: act at Vault', value: 'enforce' as const },
        ],
      },
      context,
    ));
  return { kafka, kafkaSecurity, partitions, schemaRegistry, clickhouse, vault, vaultLogin, mode };
};
