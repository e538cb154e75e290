import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { lifecycleConfigSchema } from '../../infra/jobs/config.ts';
import { startLifecycle } from '../../infra/jobs/lifecycle.ts';
import { aclArguments } from '../../infra/kafka/acls.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { resourceMetrics } from '../../models/features/resource.ts';
import type { ResourceTelemetry } from '../../schemas/generated/index.ts';
import { parseLifecyclePolicy } from '../../schemas/policy.ts';
import { topics } from '../../schemas/topics.ts';
import { makeAuthority, makeCertificate } from '../services/certificates.ts';
import { closingAfter } from '../services/closing.ts';
import { type TestKafka, testContext, until } from '../services/context.ts';
import { temporaryFolder } from '../services/folder.ts';
import { kafkaTools, type PrivateKafka, type PrivateKafkaOptions, privateKafka } from '../services/kafka.ts';
import { type Keda, startKeda } from '../services/keda.ts';
import { type ControlPlane, controlPlane } from '../services/kubernetes.ts';
import { requireOrSkip } from '../services/require.ts';
import { chart, setting } from './chart.ts';
import { deployTools, orSkip, runProgram } from './tools.ts';

const namespace = 'credentials';
const partitions = 4;
/** Records that one replica may be behind by. */
const threshold = 100;
const others = ['scope', 'actuate', 'archive', 'token', 'gateway', 'console'];

interface ScaledObject {
  readonly status?: { readonly conditions?: readonly { type: string; status: string; message: string }[] };
}
interface Stage {
  readonly plane: ControlPlane;
  readonly kafka: PrivateKafka;
  readonly context: TestKafka;
  /** Install the chart with scaling by lag, and lifecycle alone beside what is named. */
  install(...settings: readonly string[]): Promise<void>;
  /** Replicas that a component's Deployment is told to have. */
  replicas(name: string): Promise<number | undefined>;
  /** Wait until a condition of a component's ScaledObject holds. */
  condition(name: string, type: string): Promise<void>;
  /** Write telemetry that nobody reads yet. */
  write(records: number): Promise<void>;
}

const stage = async (t: TestContext, options: PrivateKafkaOptions = {}): Promise<Stage | undefined> => {
  if (!(await requireOrSkip(t, 'keda', 'java'))) return;
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  // Clients end before their broker, whose hook comes first where theirs are not kept here
  const closing = closingAfter(t);
  const clients = { after: (close: unknown) => void closing.push(close as () => unknown) };
  const kafka = await privateKafka(t, options);
  const first = await connectKafka({ brokers: kafka.brokers });
  await first.ensureTopics(partitions).finally(() => first.close());
  const plane = await controlPlane(t, { controllerArguments: ['--horizontal-pod-autoscaler-sync-period=1s'] });
  const keda: Keda = await startKeda(t, plane);
  await plane.kubectl(['create', 'namespace', namespace]);
  const context = await testContext(clients, kafka.brokers);
  const none = Object.fromEntries(resourceMetrics.map((metric) => [metric, null]));
  return {
    plane,
    kafka,
    context,
    async install(...settings) {
      const all = [
        ...[`config.kafka.partitions=${partitions}`, 'keda.enabled=true', `keda.lagThreshold=${threshold}`],
        ...['keda.pollingInterval=1', 'keda.behavior.scaleUp.stabilizationWindowSeconds=0'],
        ...['keda.behavior.scaleDown.stabilizationWindowSeconds=0', 'keda.behavior.scaleDown.policies=null'],
        ...others.map((name) => `components.${name}.enabled=false`),
      ];
      const args = ['install', 'tide', chart, '--namespace', namespace, ...setting([...all, ...settings])];
      const answer = await plane.run(helm, args);
      assert.equal(answer.status, 0, answer.stderr);
    },
    async replicas(name) {
      const path = ['--output', 'jsonpath={.spec.replicas}'];
      const { stdout } = await plane.kubectl(['get', 'deployment', `tide-${name}`, '--namespace', namespace, ...path]);
      return stdout === '' ? undefined : Number(stdout);
    },
    async condition(name, type) {
      let seen = '';
      await until(`${name} is ${type}`, async () => {
        const { stdout } = await plane.kubectl(['get', 'so', `tide-${name}`, '-n', namespace, '-o', 'json']);
        const { status } = JSON.parse(stdout) as ScaledObject;
        seen = JSON.stringify(status?.conditions);
        return status?.conditions?.find((one) => one.type === type)?.status === 'True';
      }).catch((error: Error) => {
        throw new Error(`${error.message}: ${seen}\n${keda.log().slice(-4000)}`);
      });
    },
    async write(records) {
      const now = Date.now();
      await context.write<ResourceTelemetry>(
        topics.telemetryResource,
        Array.from({ length: records }, (_, index) => ({
          ...{ credentialId: `credential-${index}`, host: 'host', sentAt: now, clock: null },
          samples: [{ ...none, time: now, custom: {}, cpuCores: 0.2, memoryBytes: 1e8 }],
        })) as unknown as ResourceTelemetry[],
      );
    },
  };
};

test('KEDA asks for replicas by the lag of a pipeline at a real Kafka, for no more than partitions, and for the least once it is read', async (t) => {
  const on = await stage(t);
  if (!on) return;
  const { kafka, context, write, install, replicas, condition } = on;
  await install(`config.kafka.brokers=${kafka.brokers}`, 'components.archive.enabled=true');
  for (const name of ['lifecycle', 'archive']) {
    await condition(name, 'Ready');
    await until(`${name} has the least`, async () => (await replicas(name)) === 1);
  }
  await write(2.5 * threshold);
  await until('a replica for each threshold', async () => (await replicas('lifecycle')) === 3);
  await write(10 * threshold);
  await until('one for each partition', async () => (await replicas('lifecycle')) === partitions);
  assert.equal(await replicas('archive'), 1, 'which may be behind by more');

  const running = await startLifecycle(
    context,
    { brokers: kafka.brokers },
    lifecycleConfigSchema.parse({}),
    parseLifecyclePolicy({}),
  );
  context.closing(() => running.close());
  await until('the least again', async () => (await replicas('lifecycle')) === 1);
});

for (const login of ['scram', 'certificate'] as const)
  test(`KEDA logs in as the pipeline by ${login} and TLS, with no more rights than the pipeline has`, async (t) => {
    const folder = temporaryFolder(t);
    const authority = makeAuthority(folder);
    const user = 'ebbtide-lifecycle';
    const password = 'secret-of-lifecycle';
    const on = await stage(t, { encrypted: { authority, passwords: { [user]: password } } });
    if (!on) return;
    const { plane, kafka, install, replicas, condition, write } = on;
    for (const args of aclArguments('lifecycle', `User:${user}`))
      await runProgram('java', [
        ...['-XX:TieredStopAtLevel=1', '-cp', await kafkaTools(), 'org.apache.kafka.tools.AclCommand'],
        ...['--bootstrap-server', kafka.brokers, ...args],
      ]);
    const { certFile, keyFile } = makeCertificate(folder, user, authority);
    const secret = (name: string, stringData: Readonly<Record<string, string>>) =>
      plane.kubectl(
        ['create', '-f-', '-n', namespace],
        JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData }),
      );
    const text = (path: string) => readFileSync(path, 'utf8');
    await secret('cluster-ca', { 'ca.crt': text(authority.certFile) });
    // As the user operator of Strimzi makes them
    await secret(user, login === 'scram' ? { password } : { 'user.crt': text(certFile), 'user.key': text(keyFile) });
    const brokers = login === 'scram' ? kafka.scramBrokers : kafka.certificateBrokers;
    await install(`config.kafka.brokers=${brokers}`, `kafka.login=${login}`, 'tls.caSecretName=cluster-ca');
    await condition('lifecycle', 'Ready');
    await write(2.5 * threshold);
    await until('a replica for each threshold', async () => (await replicas('lifecycle')) === 3);
    // While the broker has no offsets of anybody, KEDA's client looks for their topic itself, and does without
    const denied = new RegExp(`Principal = User:${user} is Denied operation = (.* on resource = (\\S+) .*)`, 'g');
    const refused = [...kafka.log().matchAll(denied)].filter(
      ([, , what]) => what !== 'Topic:LITERAL:__consumer_offsets',
    );
    assert.deepEqual([...new Set(refused.map(([, all]) => all))], []);
  });
