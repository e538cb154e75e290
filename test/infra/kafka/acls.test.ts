import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Registry } from 'prom-client';
import { kafkaConfig } from '../../../infra/config/connections.ts';
import { parseConfig } from '../../../infra/config/load.ts';
import type { AppContext } from '../../../infra/context.ts';
import { startActuate } from '../../../infra/jobs/actuate.ts';
import { lifecycleConfigSchema } from '../../../infra/jobs/config.ts';
import { startLifecycle } from '../../../infra/jobs/lifecycle.ts';
import { configuredPolicy } from '../../../infra/jobs/publishPolicy.ts';
import { type Grant, grantsListed, grantsOf } from '../../../infra/kafka/aclSurplus.ts';
import {
  aclArguments,
  aclScript,
  adminAclArguments,
  groupsOf,
  type KafkaProcess,
  kafkaAccess,
} from '../../../infra/kafka/acls.ts';
import { type ClusterOptions, isForbidden } from '../../../infra/kafka/client.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { topicsAtStart } from '../../../infra/kafka/topics.ts';
import { createLogger } from '../../../infra/log.ts';
import { topicSink } from '../../../infra/replay/topicSink.ts';
import { actuatorConfig } from '../../../infra/vault/config.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type {
  Control,
  Credential,
  Decision,
  Effect,
  ResourceTelemetry,
  Score,
} from '../../../schemas/generated/index.ts';
import { parseLifecyclePolicy } from '../../../schemas/policy.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { type TopicSpec, topics } from '../../../schemas/topics.ts';
import { openShell } from '../../docs/shell.ts';
import { documented } from '../../docs/statements.ts';
import { until } from '../../services/context.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { kafkaTools, privateKafka } from '../../services/kafka.ts';
import { openBao } from '../../services/openbao.ts';
import { requireOrSkip } from '../../services/require.ts';
import { decide, issueToken, prepareVault } from '../vault/rig.ts';

const names = (specs: readonly TopicSpec[]) => specs.map(({ name }) => name);

test('settings must be written by the console, the command line and retrain alone', () => {
  const writers = Object.entries(kafkaAccess).filter(([, { writes }]) => names(writes).includes(topics.control.name));
  assert.deepEqual(writers.map(([name]) => name).sort(), ['console', 'retrain']);
});

test('hashes of API tokens must be read by the console alone', () => {
  const readers = Object.entries(kafkaAccess).filter(([, { reads }]) => names(reads).includes(topics.tokens.name));
  assert.deepEqual(
    readers.map(([name]) => name),
    ['console'],
  );
});

test('a script must quote what a shell would take apart', () => {
  const script = aclScript([{ title: 'x', args: ['--allow-principal', "User:CN=o'brien, OU=a b"] }]);
  assert.match(script, /acls --allow-principal 'User:CN=o'\\''brien, OU=a b'\n/);
});

test('groups must be those that a configuration names, with the transactional ids that begin with them', () => {
  const config = parseConfig('lifecycle: { groupId: prod }\nnotify: { groupId: ebbtide-prod }');
  const groups = groupsOf(config);
  assert.deepEqual(groups, {
    lifecycle: 'prod',
    scope: 'ebbtide-scope',
    keylife: 'ebbtide-keylife',
    preprovision: 'ebbtide-preprovision',
    archive: 'ebbtide-archive',
    notify: 'ebbtide-prod',
    signals: 'ebbtide-signals',
  });
  const named = (args: readonly (readonly string[])[], kind: string) =>
    args.flatMap((one) => one.flatMap((word, at) => (word === kind ? [one[at + 1]] : [])));
  assert.deepEqual(named(aclArguments('console', 'User:x', { archive: 'kept' }), '--group'), ['ebbtide-tail-', 'kept']);
  const lifecycle = aclArguments('lifecycle', 'User:x', groups);
  assert.deepEqual(named(lifecycle, '--group'), ['prod', 'ebbtide-tail-']);
  assert.deepEqual(named(lifecycle, '--transactional-id'), ['prod-']);
  assert.deepEqual(named(adminAclArguments('User:x', groups), '--group'), ['ebbtide-', 'prod']);
});

const textOf = (grant: Grant): string => JSON.stringify(Object.entries(grant).sort());
const wanted: readonly KafkaProcess[] = ['lifecycle', 'actuate', 'agent', 'console'];

test('processes must do their work with the rights that they have at a real Kafka, and be refused what else they try', async (t) => {
  if (!(await requireOrSkip(t, 'java')) || !(await requireOrSkip(t, 'openbao'))) return;
  const closing: (() => unknown)[] = [];
  t.after(async () => {
    while (closing.length > 0) await closing.pop()!();
  });
  const passwords = Object.fromEntries(['admin', ...wanted].map((name) => [`ebbtide-${name}`, `secret-of-${name}`]));
  const broker = await privateKafka(t, { passwords });
  const clusterOf = (name: string): ClusterOptions => ({
    brokers: broker.userBrokers,
    settings: {
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanisms': 'PLAIN',
      'sasl.username': `ebbtide-${name}`,
      'sasl.password': passwords[`ebbtide-${name}`]!,
    },
  });
  const registry = new MemoryRegistry();
  const as = async (name: string): Promise<AppContext> => {
    const kafka = await connectKafka(clusterOf(name));
    closing.push(() => kafka.close());
    return { kafka, registry, log: createLogger('test'), metrics: new Registry() };
  };
  const write = async <T>({ kafka }: AppContext, topic: TopicSpec, record: T): Promise<void> => {
    const codec = await TopicCodec.open<T>(topic, registry);
    const producer = await kafka.producer({ lingerMs: 0 });
    const key = String((record as Record<string, unknown>)[topic.key]);
    await producer.send([{ topic: topic.name, key, value: codec.encode(record) }]).finally(() => producer.close());
  };
  const seen = async <T>({ kafka }: AppContext, topic: TopicSpec): Promise<readonly T[]> => {
    const codec = await TopicCodec.open<T>(topic, registry);
    const tail = await kafka.tail({ topics: [topic.name], from: 'beginning' });
    closing.push(() => tail.close());
    const records: T[] = [];
    void (async () => {
      for await (const messages of tail.batches())
        for (const { value } of messages) if (value) records.push(await codec.read(value));
    })();
    return records;
  };

  // As an administrator would: by the commands that documents give, with Kafka's own; of fewer processes, for each right starts a JVM
  const folder = temporaryFolder(t);
  const shell = await openShell(folder, {});
  const command = join(folder, 'bin', 'kafka-acls.sh');
  writeFileSync(
    command,
    `#!/bin/sh\nexec java -XX:TieredStopAtLevel=1 -cp '${await kafkaTools()}' org.apache.kafka.tools.AclCommand "$@"\n`,
  );
  chmodSync(command, 0o755);
  writeFileSync(join(folder, 'admin.properties'), '');
  writeFileSync(join(folder, 'ebbtide.yaml'), 'lifecycle: { groupId: prod }');
  const groups = { lifecycle: 'prod' };
  const commands = wanted.flatMap((name) => aclArguments(name, `User:ebbtide-${name}`, groups));
  const asDocumented = async (statement: string): Promise<void> => {
    const real = (await documented(statement))
      .replaceAll('kafka:9092', broker.brokers)
      .replaceAll('kafka acls', `kafka acls ${wanted.join(' ')}`);
    const { status, output } = await shell.run(real);
    assert.equal(status, 0, `${real}\n${output}`);
  };
  const grant = (...args: string[]) => promisify(execFile)(command, ['--bootstrap-server', broker.brokers, ...args]);
  // What a version before gave, and somebody else's rights
  const old = ['--operation', 'Write', '--topic', topics.control.name, '--topic', topics.credentials.name];
  await grant('--add', '--allow-principal', 'User:ebbtide-lifecycle', '--allow-principal', 'User:grafana', ...old);
  await asDocumented('ebbtide kafka acls > acls.sh');
  await asDocumented('BROKERS=kafka:9092 KAFKA_ACLS="kafka-acls.sh --command-config admin.properties" sh acls.sh');

  const narrow = () => readFileSync(join(folder, 'narrow.sh'), 'utf8');
  await asDocumented('kafka-acls.sh --bootstrap-server kafka:9092 --list | ebbtide kafka acls --surplus - > narrow.sh');
  const piped = narrow();
  await asDocumented(
    'kafka-acls.sh --bootstrap-server kafka:9092 --command-config admin.properties --list > granted.txt',
  );
  await asDocumented('ebbtide kafka acls --surplus granted.txt > narrow.sh');
  assert.equal(narrow().match(/^acls --remove/gm)?.length, 2, narrow());
  // Kafka lists in no order
  const lines = (script: string) => script.split('\n').sort();
  assert.deepEqual(lines(piped), lines(narrow()));
  await asDocumented('BROKERS=kafka:9092 KAFKA_ACLS="kafka-acls.sh --command-config admin.properties" sh narrow.sh');
  const { stdout: left } = await grant('--list');
  const needed = commands.flatMap(grantsOf);
  assert.deepEqual(
    grantsListed(left)
      .filter(({ principal }) => principal !== 'User:ebbtide-admin')
      .map(textOf)
      .sort(),
    [...needed, ...grantsOf(['--allow-principal', 'User:grafana', ...old])].map(textOf).sort(),
  );

  const admin = await as('admin');
  await admin.kafka.ensureTopics(1);
  const agent = await as('agent');
  // How far the archive is, which has read nothing yet, the console may know, once there is a coordinator; and not everybody
  const committed = ({ kafka }: AppContext) => kafka.committed('ebbtide-archive', [topics.decisions.name]);
  const console = await as('console');
  const nothing = await until('the coordinator', () => committed(console).catch(() => undefined));
  assert.deepEqual(nothing, new Map());
  await assert.rejects(committed(await as('lifecycle')), { code: 'KAFKA_UNAVAILABLE' });
  // One that may not create topics finds them there at its start, and is told when it asks for one
  await topicsAtStart(agent.kafka, kafkaConfig.parse({}));
  const unwritable = topicSink({ kafka: agent.kafka, cluster: clusterOf('agent'), registry }, 'mine', 1);
  await assert.rejects(unwritable, (error) => {
    assert.match((error as Error).message, /^Cannot create topic mine\.scores: /);
    return isForbidden(error);
  });

  const windowMs = 500;
  const policy = parseLifecyclePolicy({ windowMs, graceMs: 0 });
  const begin = async () =>
    startLifecycle(
      await as('lifecycle'),
      clusterOf('lifecycle'),
      lifecycleConfigSchema.parse({ groupId: groups.lifecycle, instanceId: 'one', clockMs: 100 }),
      policy,
    );
  await assert.rejects(begin(), {
    code: 'KAFKA_REJECTED',
    message: /an administrator publishes it by "ebbtide control publish"/,
  });
  await write(admin, topics.control, configuredPolicy('lifecycle', policy, Date.now()));
  const lifecycle = await begin();
  closing.push(() => lifecycle.close());
  const vault = await prepareVault(t, await openBao(t));
  const { credential } = await issueToken(vault);
  await write(admin, topics.credentials, credential);
  const scores = await seen<Score>(admin, topics.scores);
  const effects = await seen<Effect>(admin, topics.effects);
  const none = Object.fromEntries(resourceMetrics.map((metric) => [metric, null]));
  const scored = () => scores.find(({ subject }) => subject === credential.credentialId);
  await until('a score', async () => {
    const time = Date.now();
    const sample = { ...none, time, custom: {}, cpuCores: 0.2, memoryBytes: 1e8 };
    const sent = { credentialId: credential.credentialId, host: 'h', sentAt: time, samples: [sample], clock: null };
    await write<ResourceTelemetry>(agent, topics.telemetryResource, sent as never);
    return scored();
  });
  const actuator = await startActuate(await as('actuate'), {
    vault: vault.configs.actuator,
    actuator: actuatorConfig.parse({ backoffMs: 50 }),
  });
  closing.push(() => actuator.close());
  await write<Decision>(admin, topics.decisions, decide(credential, 'revoke'));
  const effect = await until('its effect', () => effects.find(({ action }) => action === 'revoke'));
  assert.equal(effect.outcome, 'enforced');

  const killSwitchOff: Control = {
    ...configuredPolicy('lifecycle', policy, 0),
    key: 'killSwitch',
    kind: 'killSwitch',
    value: 'false',
  };
  for (const name of wanted.filter((one) => one !== 'console'))
    await assert.rejects(write(await as(name), topics.control, killSwitchOff), isForbidden, name);
  await assert.rejects(write<Credential>(await as('lifecycle'), topics.credentials, credential), isForbidden);
  await assert.rejects(write<Decision>(agent, topics.decisions, decide(credential, 'revoke')), isForbidden);

  // What the broker refused: only what was to be
  const denials = [
    ...broker.log().matchAll(/Principal = User:ebbtide-(\w+) is Denied operation = (\w+) .*? on resource = (\S+)/g),
  ];
  const tried =
    / CREATE | (WRITE|DESCRIBE) Topic:LITERAL:control$|^lifecycle WRITE Topic:LITERAL:credentials$|^agent (WRITE|DESCRIBE) Topic:LITERAL:decisions$|^lifecycle DESCRIBE Group:LITERAL:ebbtide-archive$/;
  const unexpected = denials
    .map(([, name, operation, resource]) => `${name} ${operation} ${resource}`)
    .filter((denial) => !tried.test(denial));
  assert.ok(denials.length > 0, 'the broker tells of denials');
  assert.deepEqual([...new Set(unexpected)], []);
});
