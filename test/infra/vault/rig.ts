import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { AppContext } from '../../../infra/context.ts';
import { type RunningActuator, startActuate } from '../../../infra/jobs/actuate.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { startMockCluster } from '../../../infra/kafka/mock.ts';
import type { Kafka } from '../../../infra/kafka/types.ts';
import { type Bootstrapped, bootstrapVault, functionRole } from '../../../infra/vault/bootstrap.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { type ActuatorConfig, actuatorConfig, vaultConfig } from '../../../infra/vault/config.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Alert, Control, Credential, Decision, Effect } from '../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { type TopicSpec, topics } from '../../../schemas/topics.ts';
import { until } from '../../services/context.ts';

export { until };

/** A logger that keeps what it is told, to look for secrets in. */
export const keptLog = () => {
  const lines: string[] = [];
  return { lines, log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }) };
};

/** A Vault prepared for Ebbtide, with a client that may do anything. */
export interface PreparedVault {
  readonly address: string;
  readonly root: VaultClient;
  readonly configs: Bootstrapped;
  readonly folder: string;
}

export const prepareVault = async (
  t: TestContext,
  server: { readonly address: string; readonly rootToken: string },
): Promise<PreparedVault> => {
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-vault-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { log } = keptLog();
  const configs = await bootstrapVault({ ...server, folder, log });
  const root = await VaultClient.connect(
    vaultConfig.parse({ address: server.address, login: { method: 'token', token: server.rootToken } }),
    { service: 'test', log },
  );
  t.after(() => root.close());
  return { address: server.address, root, configs, folder };
};

/** A token as the token service would issue it, and its entry for the register. */
export const issueToken = async (
  vault: PreparedVault,
  overrides: { body?: object; role?: string; credential?: Partial<Credential>; ttlS?: number } = {},
): Promise<{ token: string; credential: Credential }> => {
  const ttlS = overrides.ttlS ?? 600;
  const path = `auth/token/create/${overrides.role ?? functionRole}`;
  const { auth } = await vault.root.write(overrides.role === '' ? 'auth/token/create' : path, {
    ttl: `${ttlS}s`,
    explicit_max_ttl: '2h',
    ...(overrides.role === undefined ? { entity_alias: 'checkout' } : {}),
    ...overrides.body,
  });
  const now = Date.now();
  const credential: Credential = {
    credentialId: `cred-${auth!.accessor}`,
    kind: 'token',
    reference: auth!.accessor,
    mount: 'auth/token',
    role: 'ebbtide-functions',
    entityId: auth!.entity_id || null,
    function: 'checkout',
    instance: 'checkout-1',
    event: 'order',
    issuedAt: now,
    expiresAt: now + ttlS * 1000,
    ttlMs: ttlS * 1000,
    maxTtlMs: 3_600_000,
    explicitMaxExpiresAt: now + 7_200_000,
    shortening: 'continuous',
    status: 'active',
    ...overrides.credential,
  };
  return { token: auth!.client_token, credential };
};

/** Whether Vault accepts a function's token at the secret that functions may read. */
export const opens = async (vault: PreparedVault, token: string): Promise<boolean> => {
  const response = await fetch(`${vault.address}/v1/kv/data/functions/demo`, { headers: { 'X-Vault-Token': token } });
  await response.text();
  return response.status === 200;
};

/** Remaining life by Vault, seconds; undefined when it has ended. */
export const lifeS = async (vault: PreparedVault, accessor: string): Promise<number | undefined> => {
  try {
    const { data } = await vault.root.write<{ ttl: number }>('auth/token/lookup-accessor', { accessor });
    return data.ttl;
  } catch {
    return undefined;
  }
};

let lastWindowEnd = 1_000_000;
/** A decision to enforce, on a window later than all before it. */
export const decide = (
  credential: Credential,
  action: Decision['action'],
  newTtlMs = 0,
  overrides: Partial<Decision> = {},
): Decision => {
  lastWindowEnd += 10_000;
  const end = overrides.windowEnd ?? lastWindowEnd;
  return {
    decisionId: `lifecycle/${credential.credentialId}/${end}`,
    subject: credential.credentialId,
    pipeline: 'lifecycle',
    oldScope: '',
    newScope: '',
    risk: 0,
    action,
    mode: 'enforce',
    withheld: '',
    oldTtlMs: credential.ttlMs,
    newTtlMs,
    reason: 'a test wants it',
    score: 0.95,
    severity: 0.9,
    frequency: 0.9,
    features: [],
    strikes: 1,
    policyVersion: 'test',
    modelVersion: 'test',
    windowEnd: end,
    decidedAt: Date.now(),
    deadline: null,
    ...overrides,
  };
};

/** Mock Kafka for one test, with what all parts share. */
export const kafkaRig = async (t: TestContext) => {
  const cluster = await startMockCluster();
  t.after(() => cluster.close());
  return kafkaRigAt(t, cluster.brokers);
};

/** Some Kafka for one test, with what all parts share. */
export const kafkaRigAt = async (t: TestContext, brokers: string) => {
  const kafka: Kafka = await connectKafka({ brokers });
  t.after(() => kafka.close());
  for (const { name } of Object.values(topics)) await kafka.partitionsOf(name);
  const registry = new MemoryRegistry();
  const kept = keptLog();
  const context = (): AppContext => ({ kafka, registry, metrics: new Registry(), log: kept.log });
  const producer = await kafka.producer();
  t.after(() => producer.close());
  const send = async <T extends object>(topic: TopicSpec, ...records: T[]) => {
    const codec = await TopicCodec.open<T>(topic, registry);
    await producer.send(
      records.map((record) => ({
        topic: topic.name,
        key: String(record[topic.key as keyof T]),
        value: codec.encode(record),
      })),
    );
  };
  /** What a topic holds by now, all of it; the array grows as records come. */
  const seen = async <T>(topic: TopicSpec): Promise<T[]> => {
    const codec = await TopicCodec.open<T>(topic, registry);
    const found: T[] = [];
    const tail = await kafka.tail({ topics: [topic.name], from: 'beginning' });
    t.after(() => tail.close());
    void (async () => {
      for await (const messages of tail.batches())
        for (const { value } of messages) if (value) found.push(await codec.read(value));
    })();
    await tail.caughtUp;
    return found;
  };
  return {
    kafka,
    registry,
    producer,
    context,
    lines: kept.lines,
    send,
    register: (...credentials: Credential[]) => send(topics.credentials, ...credentials),
    decide: (...decisions: Decision[]) => send(topics.decisions, ...decisions),
    control: (control: Partial<Control>) =>
      send<Control>(topics.control, {
        key: `${control.kind}/${control.pipeline ?? ''}/${control.subject ?? ''}`,
        kind: 'unknown',
        pipeline: '',
        subject: null,
        value: '{}',
        version: '1',
        expiresAt: null,
        at: Date.now(),
        by: 'test',
        reason: 'test',
        ...control,
      }),
    effects: await seen<Effect>(topics.effects),
    alerts: await seen<Alert>(topics.alerts),
    credentials: await seen<Credential>(topics.credentials),
    seen,
  };
};

export type KafkaRig = Awaited<ReturnType<typeof kafkaRig>>;

/** The actuator running on a prepared Vault. */
export const startRig = async (
  t: TestContext,
  vault: PreparedVault,
  kafka: KafkaRig,
  config: Partial<Parameters<typeof actuatorConfig.parse>[0] & ActuatorConfig> = {},
): Promise<RunningActuator & { readonly context: AppContext }> => {
  const context = kafka.context();
  const running = await startActuate(context, {
    vault: { ...vault.configs.actuator, timeoutMs: 2_000 },
    actuator: actuatorConfig.parse({ backoffMs: 50, maxBackoffMs: 500, ...config }),
  });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= running.close());
  t.after(close);
  return { ...running, close, context };
};

/** The effect of a decision, once it is written. */
export const effectOf = (rig: KafkaRig, decisionId: string): Promise<Effect> =>
  until(`effect of ${decisionId}`, () => rig.effects.find((effect) => effect.decisionId === decisionId));
