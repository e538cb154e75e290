import { resourceLayout } from '../../../infra/jobs/layout.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import type { OutgoingMessage } from '../../../infra/kafka/types.ts';
import { configuredPolicyKey } from '../../../pipelines/orders.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Control, Credential, ResourceSample, ResourceTelemetry } from '../../../schemas/generated/index.ts';
import { type LifecyclePolicy, parseLifecyclePolicy, policyVersion } from '../../../schemas/policy.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';

export const partitions = 4;
export const benchPolicy: LifecyclePolicy = parseLifecyclePolicy({ mode: 'enforce' });

/** A registry that gives the same ids in every process of a benchmark. */
export const benchCodecs = async () => {
  const registry = new MemoryRegistry();
  return {
    registry,
    telemetry: await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, registry),
    credentials: await TopicCodec.open<Credential>(topics.credentials, registry),
    control: await TopicCodec.open<Control>(topics.control, registry),
  };
};

export interface Load {
  readonly credentials: number;
  /** Samples to a message. */
  readonly per: number;
  readonly samples: number;
}

/** Noise on slow waves: each credential's metrics, one sample a second. */
export const metricOf = (credential: number, second: number, metric: number): number => {
  const wave = 0.5 + 0.3 * Math.sin((second + credential) * 0.01 * (metric + 1));
  const hash = Math.imul(second * 1_000_003 + credential * 31 + metric, 0x9e3779b1) >>> 0;
  return wave + (hash / 2 ** 32 - 0.5) * 0.2;
};

export const credentialName = (index: number): string => `cred-${String(index).padStart(8, '0')}`;

/**
 * Fill an empty cluster: the policy, the register, one clock record a partition that puts both in force, and the
 * telemetry, one sample a second for each credential, ending a minute ago.
 *
 * @returns messages written to telemetry
 */
export const fill = async (brokers: string, { credentials, per, samples }: Load): Promise<number> => {
  const kafka = await connectKafka({ brokers });
  await kafka.ensureTopics(partitions);
  const codecs = await benchCodecs();
  const producer = await kafka.producer({ lingerMs: 5 });
  const rounds = Math.max(1, Math.round(samples / credentials / per));
  const begin = Math.floor((Date.now() - rounds * per * 1000) / 10_000) * 10_000 - 60_000;

  const key = configuredPolicyKey('lifecycle');
  const policy: Control = {
    key,
    kind: 'policy',
    pipeline: 'lifecycle',
    subject: null,
    value: JSON.stringify(benchPolicy),
    version: policyVersion(benchPolicy),
    expiresAt: null,
    at: begin,
    by: 'bench',
    reason: '',
  };
  await producer.send([{ topic: topics.control.name, partition: 0, key, value: codecs.control.encode(policy) }]);
  const register: OutgoingMessage[] = [];
  for (let i = 0; i < credentials; i++) {
    const credentialId = credentialName(i);
    const value = codecs.credentials.encode({
      credentialId,
      kind: 'token',
      reference: `accessor-${i}`,
      mount: 'auth/token',
      role: 'bench',
      entityId: null,
      function: `function-${i % 100}`,
      instance: `instance-${i}`,
      event: 'bench',
      issuedAt: begin,
      expiresAt: begin + 3_600_000,
      ttlMs: 3_600_000,
      maxTtlMs: 86_400_000,
      explicitMaxExpiresAt: null,
      shortening: 'continuous',
      status: 'active',
    });
    register.push({ topic: topics.credentials.name, key: credentialId, value });
  }
  await producer.send(register);
  const clock = { time: begin, controlOffset: 1, credentialsOffset: credentials, labelsOffset: 0, modelSequence: 0 };
  await producer.send(
    await Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const tail = await kafka.tail({
          topics: [],
          from: 'beginning',
          partitions: [{ topic: topics.credentials.name, partition }],
        });
        let end = 0;
        for await (const batch of tail.batches()) {
          if (batch.length === 0) break;
          end = batch.at(-1)!.offset + 1;
        }
        await tail.close();
        const value = codecs.telemetry.encode({
          credentialId: '',
          host: '',
          sentAt: begin,
          samples: [],
          clock: { ...clock, credentialsOffset: end },
        });
        return { topic: topics.telemetryResource.name, partition, key: null, value };
      }),
    ),
  );

  let messages = 0;
  let pending: OutgoingMessage[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let credential = 0; credential < credentials; credential++) {
      const list: ResourceSample[] = [];
      for (let i = 0; i < per; i++) {
        const second = round * per + i;
        const sample = {
          time: begin + second * 1000 + ((credential * 7919) % 1000),
          custom: {},
        } as unknown as ResourceSample;
        resourceLayout.metrics.forEach((metric, index) => {
          (sample as unknown as Record<string, number>)[metric] = metricOf(credential, second, index);
        });
        list.push(sample);
      }
      const credentialId = credentialName(credential);
      const value = codecs.telemetry.encode({
        credentialId,
        host: 'bench',
        sentAt: list.at(-1)!.time,
        samples: list,
        clock: null,
      });
      pending.push({ topic: topics.telemetryResource.name, key: credentialId, value });
      messages++;
      if (pending.length >= 20_000 / per) {
        await producer.send(pending);
        pending = [];
      }
    }
  }
  await producer.send(pending);
  await producer.close();
  await kafka.close();
  return messages + partitions;
};
