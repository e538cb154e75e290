import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { onPath, run, tryRun } from './exec.mjs';
import { withLock } from './lock.mjs';
import { setupFolder } from './places.mjs';
import { step } from './say.mjs';

export const kafkaVersion = '4.1.1';
const oldestJava = 17;
const scalaVersion = '2.13';
const loggerVersion = '1.7.36';
const libraries = () => setupFolder('kafka', `${kafkaVersion}-slf4j-${loggerVersion}`);

/** The major version of the `java` on PATH, or undefined. */
export const javaVersion = async () => {
  if (!onPath('java')) return undefined;
  const { output } = await tryRun('java', ['-version'], { timeoutMs: 30_000 });
  return Number(output.match(/version "(?:1\.)?(\d+)/)?.[1]) || undefined;
};

/** What is missing to run Kafka from its jars, in words; undefined when nothing is. */
export const missingForJars = async () => {
  const java = await javaVersion();
  if (!java) return `Java ${oldestJava} or later (Debian: openjdk-17-jre-headless)`;
  if (java < oldestJava) return `Java ${oldestJava} or later, this is ${java}`;
  if (!existsSync(libraries()) && !onPath('mvn')) return 'Maven to fetch Kafka with (Debian: maven)';
  return undefined;
};

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ebbtide</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_${scalaVersion}</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>${loggerVersion}</version></dependency>
  </dependencies>
</project>
`;

/** Fetch Kafka's jars from Maven Central, checksums enforced, and return their folder. */
export const ensureKafkaJars = async () => {
  if (existsSync(libraries())) return libraries();
  await withLock(setupFolder('kafka.lock'), async () => {
    if (existsSync(libraries())) return;
    const work = setupFolder('kafka', 'fetch');
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    writeFileSync(join(work, 'pom.xml'), pom);
    await step(`Fetching Apache Kafka ${kafkaVersion}, 43 MB`, '10 to 60 s', () =>
      run('mvn', ['-q', '-B', '-C', 'dependency:copy-dependencies', `-DoutputDirectory=${join(work, 'libs')}`], {
        cwd: work,
        timeoutMs: 600_000,
        log: 'kafka-jars',
        purpose: 'Kafka could not be fetched',
      }),
    );
    renameSync(join(work, 'libs'), libraries());
    rmSync(work, { recursive: true });
  });
  return libraries();
};

/** Kafka's own commands, such as `org.apache.kafka.tools.AclCommand`, as a class path; fetched where they are missing. */
export const ensureKafkaTools = async () => {
  const jars = await ensureKafkaJars();
  const folder = setupFolder('kafka', `tools-${kafkaVersion}`);
  await withLock(setupFolder('kafka.lock'), async () => {
    if (existsSync(folder)) return;
    const work = setupFolder('kafka', 'fetch');
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    // The server's jars hold what it depends on
    const alone = '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
    const tools = `<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${kafkaVersion}</version>${alone}</dependency>`;
    writeFileSync(
      join(work, 'pom.xml'),
      pom.replace(/<dependencies>[\s\S]*<\/dependencies>/, `<dependencies>${tools}</dependencies>`),
    );
    await step("Fetching Kafka's commands, 1 MB", '5 to 30 s', () =>
      run('mvn', ['-q', '-B', '-C', 'dependency:copy-dependencies', `-DoutputDirectory=${join(work, 'libs')}`], {
        cwd: work,
        timeoutMs: 300_000,
        log: 'kafka-tools',
        purpose: "Kafka's commands could not be fetched",
      }),
    );
    renameSync(join(work, 'libs'), folder);
    rmSync(work, { recursive: true });
  });
  return [join(folder, '*'), join(jars, '*')].join(delimiter);
};

/** The settings of a broker for development and tests; one node, so every replication factor is 1. */
export const brokerSettings = ({ port, controllerPort, proxied, users, encrypted, dataFolder }) => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
  listeners: [
    `PLAINTEXT://127.0.0.1:${port}`,
    ...(proxied ? [`PROXIED://127.0.0.1:${proxied.port}`] : []),
    ...(users ? [`USERS://127.0.0.1:${users.port}`] : []),
    ...encryptedListeners(encrypted),
    `CONTROLLER://127.0.0.1:${controllerPort}`,
  ].join(),
  // A client behind a proxy must be told the proxy's port, or it goes round it
  'advertised.listeners': [
    `PLAINTEXT://127.0.0.1:${port}`,
    ...(proxied ? [`PROXIED://127.0.0.1:${proxied.advertisedPort}`] : []),
    ...(users ? [`USERS://127.0.0.1:${users.port}`] : []),
    ...encryptedListeners(encrypted),
  ].join(),
  'inter.broker.listener.name': 'PLAINTEXT',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map':
    'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,USERS:SASL_PLAINTEXT,SCRAM:SASL_SSL,CERTIFICATES:SSL',
  ...(users || encrypted ? byRules : {}),
  ...(users ? plainLogins(users) : {}),
  ...(encrypted ? encryptedLogins(encrypted) : {}),
  'log.dirs': dataFolder,
  ...sharedSettings,
});

/** Whoever comes with a name may do what the broker's rules allow; the one without may do all. */
const byRules = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
};
const plainLogins = ({ passwords }) => ({
  'sasl.enabled.mechanisms': 'PLAIN',
  'listener.name.users.plain.sasl.jaas.config': [
    'org.apache.kafka.common.security.plain.PlainLoginModule required',
    ...Object.entries(passwords).map(([name, password]) => `user_${name}="${password}"`),
  ]
    .join(' ')
    .concat(';'),
});
const encryptedListeners = (encrypted) =>
  encrypted
    ? [`SCRAM://127.0.0.1:${encrypted.scramPort}`, `CERTIFICATES://127.0.0.1:${encrypted.certificatePort}`]
    : [];
const encryptedLogins = ({ keystoreFile, authorityFile }) => ({
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': keystoreFile,
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': authorityFile,
  'listener.name.certificates.ssl.client.auth': 'required',
  'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/',
  'listener.name.scram.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
  'listener.name.scram.scram-sha-512.sasl.jaas.config':
    'org.apache.kafka.common.security.scram.ScramLoginModule required;',
});

/** What holds for a broker from jars and from Docker alike. */
export const sharedSettings = {
  'num.partitions': 4,
  'auto.create.topics.enable': true,
  // Records carry event time: with the default of a week, old ones would be deleted while they are read
  'log.retention.ms': -1,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 8,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 8,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  // Tests let instances die: the dead are noticed, and their transactions aborted, in seconds
  'group.min.session.timeout.ms': 1000,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
};

/**
 * Write the settings of a broker, format its storage once, and say how to start it.
 *
 * @param {{ folder: string, port: number, controllerPort: number, heapMb?: number,
 *   proxied?: { port: number, advertisedPort: number }, users?: { port: number, passwords: Record<string, string> },
 *   encrypted?: { scramPort: number, certificatePort: number, keystoreFile: string, authorityFile: string,
 *   passwords: Record<string, string> } }}
 *   options - `proxied` adds a listener that clients are told to reach at another port, where a fault proxy stands;
 *   `users` one for users with passwords (SASL PLAIN), who may do what Kafka's rules allow; `encrypted` two by TLS, for
 *   passwords (SASL SCRAM-SHA-512) and for certificates of the authority; `keystoreFile` holds key and certificate in PEM
 * @returns {Promise<{ command: string, args: string[] }>}
 */
export const prepareBroker = async ({ folder, port, controllerPort, heapMb = 512, proxied, users, encrypted }) => {
  const jars = await ensureKafkaJars();
  const dataFolder = join(folder, 'data');
  mkdirSync(folder, { recursive: true });
  const settings = join(folder, 'server.properties');
  const lines = Object.entries(brokerSettings({ port, controllerPort, proxied, users, encrypted, dataFolder }));
  writeFileSync(settings, `${lines.map(([key, value]) => `${key}=${value}`).join('\n')}\n`);
  const classPath = ['-cp', join(jars, '*')];
  if (!existsSync(dataFolder) || readdirSync(dataFolder).length === 0) {
    const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'a');
    const args = [
      '-XX:TieredStopAtLevel=1',
      ...classPath,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      settings,
      ...Object.entries(encrypted?.passwords ?? {}).flatMap(([name, password]) => [
        '--add-scram',
        `SCRAM-SHA-512=[name=${name},password=${password}]`,
      ]),
    ];
    await run('java', args, { timeoutMs: 120_000, purpose: "Kafka's storage could not be formatted" });
  }
  return {
    command: 'java',
    args: [`-Xms${Math.min(heapMb, 256)}m`, `-Xmx${heapMb}m`, ...classPath, 'kafka.Kafka', settings],
  };
};
