import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../infra/paths.ts';
import { freePort, type GuardedServer, logTail, spawnGuarded } from '../../infra/setup/guarded.ts';
import { loadSetup } from '../../infra/setup/load.ts';
import { type CertificateFiles, makeCertificate } from './certificates.ts';
import { type ChaosProxy, chaosProxy } from './chaos-proxy.ts';
import { temporaryFolder } from './folder.ts';

interface Note {
  readonly brokers: string;
}
interface KafkaModule {
  runningKafka(): Promise<Note | undefined>;
}
interface JarsModule {
  missingForJars(): Promise<string | undefined>;
  prepareBroker(options: object): Promise<{ command: string; args: string[] }>;
  ensureKafkaTools(): Promise<string>;
}
interface ProbeModule {
  untilKafkaAnswers(address: string, options: { isRunning(): boolean }): Promise<boolean>;
}

/**
 * The address of a real Apache Kafka that all tests of a run share: use topics and groups of {@link uniqueName}.
 *
 * It is started when none runs; `npm test` stops what it started, else it stays until `npm run services:down`.
 */
export const realKafka = async (): Promise<string> => {
  const { runningKafka } = await loadSetup<KafkaModule>('kafka.mjs');
  const running = await runningKafka();
  if (running) return running.brokers;
  // A process of its own: several test files may ask at once, and the broker must not be a child of any
  const script = join(packageRoot(), 'infra', 'setup', 'services.mjs');
  await promisify(execFile)(process.execPath, [script, 'up'], { env: { ...process.env, NODE_OPTIONS: '' } });
  const started = await runningKafka();
  if (!started) throw new Error('Kafka was started but does not answer');
  return started.brokers;
};

/** A broker that belongs to one test. */
export interface PrivateKafka {
  /** The address that no proxy stands before. */
  readonly brokers: string;
  /** The address through {@link PrivateKafka.proxy}; the broker sends clients back to it. */
  readonly proxiedBrokers: string;
  readonly proxy: ChaosProxy;
  /** The address for users with passwords, by SASL PLAIN; empty where there are none. */
  readonly userBrokers: string;
  /** The address for users with passwords, by TLS and SCRAM-SHA-512; empty where there are none. */
  readonly scramBrokers: string;
  /** The address for users with certificates of the authority, by TLS; empty where there are none. */
  readonly certificateBrokers: string;
  /** The broker's log so far. */
  log(): string;
  /** Process id of the broker while it runs. */
  pid(): number;
  /** Shut it down in order; its data stay. */
  stop(): Promise<void>;
  /** End it by `kill -9`; its data stay. */
  kill(): Promise<void>;
  /** Start it again on the same port with the same data, and wait until it answers. */
  start(): Promise<void>;
}

/** Who may come to a broker of one test by name, to do no more than its access rules allow. */
export interface PrivateKafkaOptions {
  /** Passwords by name, for SASL PLAIN. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** Passwords by name, for SCRAM by TLS, and an authority whose certificates are let in. */
  readonly encrypted?: { readonly passwords: Readonly<Record<string, string>>; readonly authority: CertificateFiles };
}

/**
 * A real Apache Kafka for one test, which may stop, kill and start it, and disturb its connections.
 *
 * It needs Java (not Docker) and takes about eight seconds, so share one among the steps of a test.
 *
 * Whoever comes without a name may do all.
 */
export const privateKafka = async (
  t: TestContext,
  { passwords, encrypted }: PrivateKafkaOptions = {},
): Promise<PrivateKafka> => {
  const jars = await loadSetup<JarsModule>('kafka-jars.mjs');
  const probe = await loadSetup<ProbeModule>('kafka-probe.mjs');
  const missing = await jars.missingForJars();
  if (missing) throw new Error(`A broker of the test's own needs ${missing}`);

  let server: GuardedServer | undefined;
  // Hooks run in the order of their registration: the broker ends before its folder is removed
  t.after(() => server?.stop());
  const folder = temporaryFolder(t, 'ebbtide-kafka-');
  const [port, proxiedPort, controllerPort] = [await freePort(), await freePort(), await freePort()];
  const userPort = passwords ? await freePort() : 0;
  const [scramPort, certificatePort] = encrypted ? [await freePort(), await freePort()] : [0, 0];
  const keystoreFile = join(folder, 'keystore.pem');
  if (encrypted) {
    const { certFile, keyFile } = makeCertificate(folder, 'kafka', encrypted.authority);
    writeFileSync(keystoreFile, readFileSync(keyFile, 'utf8') + readFileSync(certFile, 'utf8'), { mode: 0o600 });
  }
  const proxy = await chaosProxy(t, { port: proxiedPort });
  const { command, args } = await jars.prepareBroker({
    folder,
    port,
    controllerPort,
    proxied: { port: proxiedPort, advertisedPort: proxy.port },
    ...(passwords ? { users: { port: userPort, passwords } } : {}),
    ...(encrypted && {
      encrypted: {
        ...{ scramPort, certificatePort, keystoreFile, passwords: encrypted.passwords },
        authorityFile: encrypted.authority.certFile,
      },
    }),
  });
  const logFile = join(folder, 'kafka.log');
  const brokers = `127.0.0.1:${port}`;
  const start = async () => {
    const started = await spawnGuarded(command, args, { env: process.env, logFile, graceS: 20 });
    server = started;
    if (await probe.untilKafkaAnswers(brokers, { isRunning: () => started.isRunning() })) return;
    throw new Error(`Kafka did not start; its log ends with:\n${logTail(logFile)}`);
  };
  await start();
  return {
    brokers,
    proxiedBrokers: `127.0.0.1:${proxy.port}`,
    proxy,
    userBrokers: passwords ? `127.0.0.1:${userPort}` : '',
    scramBrokers: encrypted ? `127.0.0.1:${scramPort}` : '',
    certificateBrokers: encrypted ? `127.0.0.1:${certificatePort}` : '',
    log: () => readFileSync(logFile, 'utf8'),
    pid: () => server?.pid ?? 0,
    stop: async () => server?.stop(),
    kill: async () => {
      if (!server) return;
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
    },
    start,
  };
};

/** The class path of Kafka's own commands. */
export const kafkaTools = async (): Promise<string> =>
  (await loadSetup<JarsModule>('kafka-jars.mjs')).ensureKafkaTools();
