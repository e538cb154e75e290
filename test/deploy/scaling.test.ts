import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, configSchema } from '../../infra/config/config.ts';
import { groupsOf, type KafkaAccess, type KafkaProcess, kafkaAccess } from '../../infra/kafka/acls.ts';
import { encrypted, everything, type Manifest, render, values, workloads } from './chart.ts';
import { deployTools, orSkip } from './tools.ts';

const config = configSchema.parse({}) as Config;
const scaled = Object.entries(values.components).filter(([, { keda }]) => keda);
const helmOrSkip = async (t: Parameters<typeof orSkip>[0]) => orSkip(t, (await deployTools()).findHelm(), 'Helm');
const named = (manifests: readonly Manifest[], of: string) =>
  new Map(manifests.filter(({ kind }) => kind === of).map((one) => [one.metadata.name.replace(/^tide-/, ''), one]));

test('a component is scaled by the lag of its own group at the topics that the group reads', () => {
  const groups = groupsOf(config);
  assert.ok(scaled.length > 0);
  for (const [name, { keda }] of scaled) {
    const access: KafkaAccess = kafkaAccess[name as KafkaProcess];
    assert.equal(keda!.consumerGroup, groups[name as KafkaProcess] ?? access.group, name);
    const topics = access.reads.map((topic) => topic.name);
    for (const topic of keda!.topics) assert.ok(topics.includes(topic), `${name} reads ${topic}`);
    // A pipeline's group commits offsets of one topic, that of its telemetry: the first that it reads
    if (access.transactions) assert.deepEqual(keda!.topics, [topics[0]], name);
  }
  const grouped = Object.entries(kafkaAccess as Readonly<Record<string, KafkaAccess>>).filter(([, one]) => one.group);
  // Alerts and signals are few, and one instance tells each
  const alone = ['notify', 'mail', 'signals'];
  assert.deepEqual(
    scaled
      .map(([name]) => name)
      .concat(alone)
      .sort(),
    grouped.map(([name]) => name).sort(),
  );
});

test('replicas of what is scaled are left to the autoscaler, which asks the brokers of the configuration for the group of the configuration', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  const manifests = await render(helm, [...everything, 'config.lifecycle.groupId=of-my-own']);
  const objects = named(manifests, 'ScaledObject');
  assert.deepEqual([...objects.keys()].sort(), scaled.map(([name]) => name).sort());
  const targets = workloads(manifests);
  for (const [name, { keda }] of scaled) {
    const { scaleTargetRef, triggers } = objects.get(name)!.spec!;
    assert.equal(targets.find(({ metadata }) => metadata.name === scaleTargetRef.name)!.spec!.replicas, undefined);
    assert.deepEqual(
      triggers.map(({ metadata }) => metadata.topic),
      keda!.topics,
    );
    for (const { metadata, authenticationRef } of triggers) {
      assert.equal(metadata.bootstrapServers, 'kafka-bootstrap.kafka:9092');
      assert.equal(metadata.consumerGroup, name === 'lifecycle' ? 'of-my-own' : keda!.consumerGroup);
      // As the consumers do: what has no offset yet is read from its beginning
      assert.equal(metadata.offsetResetPolicy, 'earliest');
      assert.equal(authenticationRef, undefined);
    }
  }
  const own = await render(helm, ['components.gateway.replicas=null']);
  const gateway = workloads(own).find(({ metadata }) => metadata.name === 'tide-gateway')!;
  assert.ok(!('replicas' in gateway.spec!), 'left to a scaler that the chart does not know');
});

test('KEDA logs in at Kafka as the process whose lag it reads, by what the pod has', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  interface Authentication {
    readonly env?: readonly { readonly parameter: string; readonly name: string; readonly containerName: string }[];
    readonly secretTargetRef: readonly { readonly parameter: string; readonly name: string; readonly key: string }[];
  }
  const ca = { parameter: 'ca', name: 'cluster-ca', key: 'ca.crt' };
  for (const login of ['certificate', 'scram'] as const) {
    const manifests = await render(helm, [...everything, ...encrypted, `kafka.login=${login}`]);
    const authentications = named(manifests, 'TriggerAuthentication');
    for (const [name, { spec }] of named(manifests, 'ScaledObject')) {
      for (const { metadata, authenticationRef } of spec!.triggers) {
        assert.equal(authenticationRef!.name, `tide-${name}`);
        assert.deepEqual([metadata.tls, metadata.sasl], ['enable', login === 'scram' ? 'scram_sha512' : undefined]);
      }
      const { env = [], secretTargetRef } = authentications.get(name)!.spec as unknown as Authentication;
      const secret = `ebbtide-${name}`;
      const [container] = workloads(manifests).find(({ metadata }) => metadata.name === `tide-${name}`)!.spec!.template
        .spec.containers;
      assert.deepEqual(
        secretTargetRef,
        login === 'scram'
          ? [{ parameter: 'password', name: secret, key: 'password' }, ca]
          : [
              { parameter: 'cert', name: secret, key: 'user.crt' },
              { parameter: 'key', name: secret, key: 'user.key' },
              ca,
            ],
      );
      for (const { parameter, name: variable } of env) {
        assert.equal(parameter, 'username');
        assert.equal(container.env.find((one) => one.name === variable)?.value, secret);
      }
      assert.equal(env.length, login === 'scram' ? 1 : 0);
    }
    const own = await render(helm, [
      ...[...everything, ...encrypted],
      ...[`kafka.login=${login}`, 'keda.authentication=mine'],
    ]);
    assert.equal(named(own, 'TriggerAuthentication').size, 0);
    for (const { spec } of named(own, 'ScaledObject').values())
      for (const { metadata, authenticationRef } of spec!.triggers)
        assert.deepEqual([authenticationRef!.name, metadata.tls, metadata.sasl], ['mine', undefined, undefined]);
  }
});

test('scaling that cannot be is refused with what to do', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  const refused = async (message: RegExp, ...settings: readonly string[]) =>
    assert.rejects(
      render(helm, ['keda.enabled=true', ...settings]),
      (error: { stderr: string }) => message.test(error.stderr),
      settings.join(' '),
    );
  const bySasl = 'config.kafka.settings.security\\.protocol=sasl_ssl';
  await refused(/choose kafka.login certificate or scram, or name a TriggerAuthentication/, bySasl);
  await render(helm, ['keda.enabled=true', bySasl, 'keda.authentication=mine']);
  for (const setting of [
    'security\\.protocol=sasl_plaintext',
    'sasl\\.mechanism=PLAIN',
    'sasl\\.mechanisms=SCRAM-SHA-256',
    'ssl\\.ca\\.location=/etc/ebbtide/secrets/kafka.crt',
    'enable\\.ssl\\.certificate\\.verification=false',
  ]) {
    const differing = ['kafka.login=scram', `config.kafka.settings.${setting}`];
    await refused(/leave it to kafka.login and tls.caSecretName, or name a TriggerAuthentication/, ...differing);
    await render(helm, ['keda.enabled=true', ...differing, 'keda.authentication=mine']);
  }
  const fromEnvironment = /taken from the environment of pods, which KEDA does not see/;
  await refused(fromEnvironment, `config.kafka.brokers=\${ENV:HOST}:9092`);
  await refused(fromEnvironment, `config.scope.groupId=\${ENV:GROUP}`);
  await refused(/must not be above the greatest/, 'keda.minReplicas=5', 'keda.maxReplicas=4');
  await refused(/keda\/topics|topics/, 'components.archive.keda.topics=null');
});
