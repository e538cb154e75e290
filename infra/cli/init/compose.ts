import { Document } from 'yaml';
import { embedded } from '../../config/connections.ts';
import { vaultServices } from '../vault-login.ts';

/** What decides a first configuration. */
export interface Answers {
  /** Addresses of brokers, or `embedded`. */
  readonly kafka: string;
  readonly kafkaSecurity: 'plaintext' | 'ssl' | 'sasl_ssl';
  /** Partitions of topics that are created, 1 to 1024. */
  readonly partitions: number;
  /** URL, or `embedded`. */
  readonly schemaRegistry: string;
  /** URL, or `embedded`. */
  readonly clickhouse: string;
  /** URL, or `embedded`. */
  readonly vault: string;
  readonly vaultLogin: 'approle' | 'kubernetes';
  readonly mode: 'shadow' | 'enforce';
}

/** Answers that nobody gave. */
export const defaultAnswers: Answers = {
  kafka: embedded,
  kafkaSecurity: 'plaintext',
  partitions: 4,
  schemaRegistry: embedded,
  clickhouse: embedded,
  vault: embedded,
  vaultLogin: 'approle',
  mode: 'shadow',
};

/** Variables of the environment that a configuration takes secrets from, by what asks for them. */
const secrets = { kafkaUser: 'KAFKA_USERNAME', kafkaPassword: 'KAFKA_PASSWORD', clickhouse: 'CLICKHOUSE_PASSWORD' };
const fromEnvironment = (name: string): string => `\${ENV:${name}}`;

/** Folder beside the configuration in which `ebbtide vault bootstrap` leaves logins by default. */
const loginFolder = 'vault';
/** File beside the configuration with the secret that callers of the token service share. */
export const sharedSecretFile = `${loginFolder}/token-service.secret`;

/** A composed configuration. */
export interface Composed {
  /** YAML, with a comment where something is left to do. */
  readonly text: string;
  /** Variables that must be set wherever it is read. */
  readonly variables: readonly string[];
}

/**
 * Compose a configuration: what is embedded by default is left out.
 *
 * @example
 * composeConfig({ ...defaultAnswers, kafka: 'kafka:9092' }).text;
 */
export const composeConfig = (answers: Answers): Composed => {
  const variables: string[] = [];
  const secret = (name: string): string => {
    variables.push(name);
    return fromEnvironment(name);
  };
  const own = (value: string): boolean => value !== embedded;
  const { kafkaSecurity } = answers;
  const sasl = () => ({
    'sasl.mechanisms': 'SCRAM-SHA-512',
    'sasl.username': secret(secrets.kafkaUser),
    'sasl.password': secret(secrets.kafkaPassword),
  });
  const settings =
    kafkaSecurity === 'plaintext'
      ? {}
      : { 'security.protocol': kafkaSecurity, ...(kafkaSecurity === 'sasl_ssl' ? sasl() : {}) };
  const config = {
    ...(own(answers.kafka)
      ? {
          kafka: {
            brokers: answers.kafka,
            partitions: answers.partitions,
            ...(Object.keys(settings).length > 0 ? { settings } : {}),
          },
        }
      : {}),
    ...(own(answers.schemaRegistry) ? { schemaRegistry: { url: answers.schemaRegistry } } : {}),
    ...(own(answers.clickhouse)
      ? { clickhouse: { url: answers.clickhouse, username: 'ebbtide', password: secret(secrets.clickhouse) } }
      : {}),
    ...(own(answers.vault)
      ? { vault: { address: answers.vault, ...loginsOf(answers.vaultLogin) }, token: { sharedSecretFile } }
      : {}),
    policy: { lifecycle: { mode: answers.mode }, scope: { mode: answers.mode } },
  };
  const document = new Document(config);
  document.commentBefore = [
    ' Ebbtide. Every key with its meaning and default: ebbtide config example',
    ...(own(answers.vault)
      ? [` Vault is prepared for it by: ebbtide vault bootstrap --login ${answers.vaultLogin}`]
      : []),
    ...(variables.length > 0 ? [` Taken from the environment: ${variables.join(', ')}`] : []),
    ...(answers.mode === 'shadow' ? [' In shadow mode Ebbtide decides and records, and touches nothing'] : []),
  ].join('\n');
  return { text: document.toString(), variables };
};

const loginsOf = (method: Answers['vaultLogin']) =>
  Object.fromEntries(
    Object.values(vaultServices).map(({ key, role }) => [
      key,
      method === 'approle'
        ? { method, roleIdFile: `${loginFolder}/${role}.role-id`, secretIdFile: `${loginFolder}/${role}.secret-id` }
        : { method, role, jwtFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
    ]),
  );
