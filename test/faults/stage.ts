import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import ckjs from '@confluentinc/kafka-javascript';
import { startRegistryServer } from '../../infra/http/registry-server.ts';
import { call } from '../../infra/kafka/client.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import type { Kafka } from '../../infra/kafka/types.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';
import { type PrivateKafka, privateKafka } from '../services/kafka.ts';
import { committedOf } from './committed.ts';
import { type Input, livelyPolicy, openInput } from './input.ts';
import { type JobProcess, loadJob } from './job.ts';
import { expectedOutputs, type Outputs, outputTopics, readOutputs } from './reference.ts';

/** A broker, a registry and an input of a test's own, for jobs in processes of their own. */
export interface Stage {
  readonly broker: PrivateKafka;
  readonly kafka: Kafka;
  readonly registry: MemoryRegistry;
  readonly input: Input;
  /** Load an instance of the job, which waits to be let go. */
  load(instanceId: string, options?: { groupId?: string; sessionTimeoutMs?: number }): JobProcess;
  /** Write rounds in the background, so many a second, until the returned function is called. */
  flow(roundsPerS: number): () => Promise<void>;
  /** Messages of telemetry that the group has not committed yet. */
  lag(groupId?: string): Promise<number>;
  /** Wait until the group has committed all telemetry. */
  settled(options?: { groupId?: string; timeoutMs?: number }): Promise<void>;
  /** Forget what the job wrote, its changelog included. */
  eraseOutputs(): Promise<void>;
  /** Assert that what was written is what has to be, byte for byte, and that it is much. */
  assertExact(): Promise<Outputs>;
}

const partitions = 4;
const group = 'lifecycle-under-test';

/** @param seed - of the input */
export const openStage = async (t: TestContext, seed: number): Promise<Stage> => {
  const broker = await privateKafka(t);
  const registry = new MemoryRegistry();
  const server = await startRegistryServer(registry, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const cluster = { brokers: broker.brokers };
  const kafka = await connectKafka(cluster);
  t.after(() => kafka.close());
  await kafka.ensureTopics(partitions);
  const input = await openInput(kafka, registry, { seed, count: 24 });
  t.after(() => input.close());
  await input.begin();
  const lag = async (groupId = group): Promise<number> =>
    (await committedOf(cluster, groupId, topics.telemetryResource.name, partitions)).reduce(
      (total, { offset, end }) => total + end - offset,
      0,
    );

  return {
    broker,
    kafka,
    registry,
    input,
    lag,
    load: (instanceId, { groupId = group, sessionTimeoutMs = 2000 } = {}) =>
      loadJob(t, {
        brokers: broker.brokers,
        registryUrl: server.address!,
        groupId,
        instanceId,
        sessionTimeoutMs,
        // Small, so that there are many transactions to be interrupted
        batchSize: 200,
        policy: livelyPolicy,
      }),
    flow(roundsPerS) {
      let flowing = true;
      const flown = (async () => {
        while (flowing) {
          await input.send(1);
          await sleep(1000 / roundsPerS);
        }
      })();
      return () => {
        flowing = false;
        return flown;
      };
    },
    async settled({ groupId = group, timeoutMs = 90_000 } = {}) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const left = await lag(groupId);
        if (left === 0) return;
        if (performance.now() > deadline) throw new Error(`${left} messages are not committed after ${timeoutMs} ms`);
        await sleep(200);
      }
    },
    async eraseOutputs() {
      const admin = ckjs.AdminClient.create({ 'bootstrap.servers': broker.brokers } as never);
      try {
        for (const name of [...outputTopics, topics.stateLifecycle.name])
          await call(`Cannot delete ${name}`, (done) => admin.deleteTopic(name, 10_000, done as never));
        await sleep(1000);
      } finally {
        admin.disconnect();
      }
      await kafka.ensureTopics(partitions);
    },
    async assertExact() {
      const expected = await expectedOutputs(kafka, registry, livelyPolicy);
      const outputs = await readOutputs(kafka);
      assertSame(outputs, expected);
      return outputs;
    },
  };
};

/** Assert that outputs are equal, and say of the first difference where it is. */
export const assertSame = (actual: Outputs, expected: Outputs): void => {
  for (const id of [...new Set([...expected.keys(), ...actual.keys()])].sort()) {
    const [is = [], should = []] = [actual.get(id), expected.get(id)];
    const at = should.findIndex((one, i) => one !== is[i]);
    const twice = is.length - new Set(is).size;
    const missing = should.filter((one) => !is.includes(one)).length;
    assert.ok(
      at < 0 && is.length === should.length,
      `${id} holds ${is.length} records, expected ${should.length}; ${twice} twice, ${missing} missing, first other one at ${at}`,
    );
  }
};

/** Records in all partitions of a topic. */
export const countOf = (outputs: Outputs, topic: string): number =>
  [...outputs].reduce((sum, [id, list]) => (id.startsWith(`${topic}/`) ? sum + list.length : sum), 0);
