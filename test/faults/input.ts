import type { Kafka, OutgoingMessage, Producer } from '../../infra/kafka/types.ts';
import { listRecordings, loadRecording, type Recording } from '../../models/data/index.ts';
import { resourceMetrics } from '../../models/features/resource.ts';
import { configuredPolicyKey } from '../../pipelines/orders.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { controlPartition, controlRecord, type Setting } from '../../schemas/control.ts';
import type { Control, Credential, ResourceSample, ResourceTelemetry } from '../../schemas/generated/index.ts';
import { type LifecyclePolicy, parseLifecyclePolicy, policyVersion } from '../../schemas/policy.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';
import { seededRandom } from './random.ts';

/** Event time of the first sample. */
export const beganAt = Date.UTC(2026, 0, 1);
/** Event time of one round. */
export const roundMs = 1000;
const samplesPerRound = 4;

/** A row of a real machine's recording, as a sample of another time. */
const sampleOf = ({ metrics, rows }: Recording, row: number, time: number): ResourceSample => {
  const value = (metric: (typeof resourceMetrics)[number]) => metrics[metric][row % rows]!;
  const values = resourceMetrics.map((metric) => [metric, Number.isNaN(value(metric)) ? null : value(metric)]);
  return { time, custom: {}, ...Object.fromEntries(values) } as ResourceSample;
};

/** A policy under which much happens, in windows of one round. Event time is apart from the clock, so any is plausible. */
export const livelyPolicy: LifecyclePolicy = parseLifecyclePolicy({
  mode: 'enforce',
  windowMs: roundMs,
  graceMs: 500,
  low: 0.3,
  moderate: 0.4,
  high: 0.9,
  extendAfter: 1,
  shortenAfter: 1,
  strikes: 6,
  strikeHalfLifeMs: 20_000,
  minTtlMs: 500,
  cooldownMs: 0,
  budgetPerSubject: { actions: 4, perMs: 20_000 },
  budgetForAll: { actions: 12, perMs: 5_000 },
  silenceMs: 4_000,
  onSilence: 'shorten',
  maxAheadMs: 100 * 365 * 86_400_000,
  maxPastMs: 100 * 365 * 86_400_000,
});

/** Telemetry of a fleet with all that happens in one: anomalies, silence, late and broken messages, orders. */
export interface Input {
  readonly subjects: readonly string[];
  /** Write the register and the first orders. */
  begin(): Promise<void>;
  /** Write the next rounds, each with a clock record for every partition at its end. @returns rounds written so far */
  send(rounds: number): Promise<number>;
  /** Write clock records alone, as far ahead as closes every window. */
  finish(): Promise<void>;
  /** Set something in `control`; it is in force from the next clock records on. */
  order(setting: Setting): Promise<void>;
  close(): Promise<void>;
}

/** @param policy - is put into `control` as the configured one, as the job would do */
export const openInput = async (
  kafka: Kafka,
  registry: SchemaRegistry,
  { seed = 1, count = 32, policy = livelyPolicy }: { seed?: number; count?: number; policy?: LifecyclePolicy } = {},
): Promise<Input> => {
  const telemetry = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, registry);
  const credentials = await TopicCodec.open<Credential>(topics.credentials, registry);
  const controls = await TopicCodec.open<Control>(topics.control, registry);
  const producer: Producer = await kafka.producer();
  const partitions = await kafka.partitionsOf(topics.telemetryResource.name);
  const random = seededRandom(seed);
  const subjects = Array.from({ length: count }, (_, i) => `function-${i}`);
  const calm = listRecordings('benign').map(({ name }) => loadRecording(name));
  const anomaly = loadRecording(listRecordings('anomaly')[0]!.name);
  /** When a subject is taken over, and when it falls silent and for how long, in rounds. */
  const fates = subjects.map(() => ({
    takenOver: 40 + Math.floor(random() * 120),
    silentFrom: 50 + Math.floor(random() * 200),
    silentFor: random() < 0.4 ? 8 : 0,
  }));
  const credentialsEnds: number[] = new Array(partitions).fill(0);
  let controlEnd = 0;
  let round = 0;
  let held: { due: number; message: OutgoingMessage }[] = [];

  const write = async (control: Control) => {
    const value = controls.encode(control);
    await producer.send([{ topic: topics.control.name, partition: controlPartition, key: control.key, value }]);
    controlEnd++;
  };
  const clocks = (time: number): OutgoingMessage[] =>
    Array.from({ length: partitions }, (_, partition) => ({
      topic: topics.telemetryResource.name,
      partition,
      key: null,
      value: telemetry.encode({
        credentialId: '',
        host: '',
        sentAt: time,
        samples: [],
        clock: {
          time,
          controlOffset: controlEnd,
          credentialsOffset: credentialsEnds[partition]!,
          labelsOffset: 0,
          modelSequence: 0,
        },
      }),
    }));
  const messageOf = (credentialId: string, samples: ResourceSample[]): OutgoingMessage => ({
    topic: topics.telemetryResource.name,
    key: credentialId,
    value: telemetry.encode({ credentialId, host: 'h', sentAt: samples[0]!.time, samples, clock: null }),
  });

  const nextRound = (): OutgoingMessage[] => {
    const from = beganAt + round * roundMs;
    const messages: OutgoingMessage[] = [];
    subjects.forEach((subject, i) => {
      const own = calm[i % calm.length]!;
      const { takenOver, silentFrom, silentFor } = fates[i]!;
      const intruded = round >= takenOver && round < takenOver + 20;
      const samples = Array.from({ length: samplesPerRound }, (_, k) => {
        const time = from + (k * roundMs) / samplesPerRound;
        return intruded
          ? sampleOf(anomaly, anomaly.anomaly!.from + (round - takenOver) * samplesPerRound + k, time)
          : sampleOf(own, i * 37 + round * samplesPerRound + k, time);
      });
      if (round >= silentFrom && round < silentFrom + silentFor) return;
      const message = messageOf(subject, samples);
      const fate = random();
      // Some come rounds later, in whole or in part too late; some come torn; some twice.
      if (fate < 0.03) held.push({ due: round + 1 + Math.floor(random() * 3), message });
      else if (fate < 0.035) messages.push({ ...message, value: message.value!.subarray(0, 40) });
      else if (fate < 0.05) messages.push(message, message);
      else messages.push(message);
    });
    messages.push(...held.filter(({ due }) => due <= round).map(({ message }) => message));
    held = held.filter(({ due }) => due > round);
    round++;
    return [...messages, ...clocks(beganAt + round * roundMs)];
  };

  return {
    subjects,
    order: (setting) => write(controlRecord(setting, beganAt)),
    async begin() {
      await producer.send(
        subjects.map((credentialId) => ({
          topic: topics.credentials.name,
          key: credentialId,
          value: credentials.encode({
            credentialId,
            kind: 'token',
            reference: `accessor-${credentialId}`,
            mount: 'auth/token',
            role: 'function',
            entityId: null,
            function: credentialId,
            instance: credentialId,
            event: '',
            issuedAt: beganAt,
            expiresAt: beganAt + 8_000,
            ttlMs: 8_000,
            maxTtlMs: 16_000,
            explicitMaxExpiresAt: null,
            shortening: 'continuous',
            status: 'active',
          }),
        })),
      );
      const tail = await kafka.tail({ topics: [topics.credentials.name], from: 'beginning' });
      for await (const messages of tail.batches()) {
        if (messages.length === 0) break;
        for (const { partition, offset } of messages) credentialsEnds[partition] = offset + 1;
      }
      await tail.close();
      // As the job itself would publish it, so that it does not, and offsets stay as counted here
      const key = configuredPolicyKey('lifecycle');
      const lively = controlRecord(
        { kind: 'policy', pipeline: 'lifecycle', value: policy, by: 'test', reason: 'lively' },
        beganAt,
      );
      await write({ ...lively, key, version: policyVersion(policy) });
    },
    async send(rounds) {
      for (let i = 0; i < rounds; i++) await producer.send(nextRound());
      return round;
    },
    async finish() {
      await producer.send([...held.map(({ message }) => message), ...clocks(beganAt + (round + 3) * roundMs)]);
      held = [];
      round += 3;
    },
    close: () => producer.close(),
  };
};
