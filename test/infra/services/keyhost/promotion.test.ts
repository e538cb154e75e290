import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keylifeConfigSchema } from '../../../../infra/jobs/config.ts';
import { startKeylife } from '../../../../infra/jobs/keylife.ts';
import { connectKafka } from '../../../../infra/kafka/connect.ts';
import { trainComparator } from '../../../../models/biometric/comparator/train.ts';
import { timingNames } from '../../../../models/biometric/keystrokes.ts';
import { DiskStore } from '../../../../models/registry/disk.ts';
import { pointerRecord } from '../../../../models/registry/pointerRecord.ts';
import type { Pointer } from '../../../../models/registry/record.ts';
import { ModelRegistry } from '../../../../models/registry/registry.ts';
import { TopicCodec } from '../../../../schemas/codec.ts';
import type { BiometricTelemetry, Control, Score } from '../../../../schemas/generated/index.ts';
import { keylifePolicySchema } from '../../../../schemas/keylifePolicy.ts';
import { topics } from '../../../../schemas/topics.ts';
import { inventedTyping } from '../../../models/biometric/people.ts';
import { privateKafka } from '../../../services/kafka.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRigAt, prepareVault, until } from '../../vault/rig.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, startHost } from './rig.ts';

const keys = 5;

/** A registry with two comparators, of which the second is damaged once it is published. */
const registryOf = async (folder: string) => {
  const store = join(folder, 'registry');
  const models = new ModelRegistry(new DiskStore(store), {});
  for (const [version, seed] of [
    ['v1', 1],
    ['v2', 2],
  ] as const) {
    const out = join(folder, version);
    const shape = { backend: 'wasm', epochs: 2, stepsPerEpoch: 10, batch: 64 } as const;
    const made = { lineage: { kind: 'invented' }, created: '2026-01-01T00:00:00.000Z', version, seed, out };
    await trainComparator({ typing: inventedTyping(14, 60, keys), ...shape, ...made });
    await models.publish('biometric', out, 'test');
  }
  const { files } = await models.record('biometric', 'v2');
  writeFileSync(join(store, 'blobs', files['weights.bin']!), 'nonsense');
  return models;
};

/** Makes a version the champion, as `ebbtide models promote` does once it has checked it. */
const promoter = async (t: TestContext, kafka: Awaited<ReturnType<typeof kafkaRigAt>>, models: ModelRegistry) => {
  const { kafka: broker, registry } = kafka.context();
  const codec = await TopicCodec.open<Control>(topics.control, registry);
  const producer = await broker.producer({ lingerMs: 0 });
  t.after(() => producer.close());
  let sequence = 0;
  return async (version: string): Promise<void> => {
    const { digest } = await models.record('biometric', version);
    sequence++;
    const pointer: Pointer = {
      ...{ kind: 'biometric', sequence, champion: { version, digest }, challenger: null, base: sequence - 1 },
      ...{ at: new Date().toISOString(), by: 'test', action: 'promote', reason: '' },
    };
    await models.point(pointer);
    const order = pointerRecord(pointer);
    await producer.send([{ topic: topics.control.name, partition: 0, key: order.key, value: codec.encode(order) }]);
  };
};

test('key host and pipeline follow the comparator that is promoted, and keep the last good one', async (t) => {
  if (!(await requireOrSkip(t, 'java', 'openbao'))) return;
  const broker = await privateKafka(t);
  const vault = await prepareVault(t, await openBao(t));
  const models = await registryOf(vault.folder);
  const cluster = await connectKafka({ brokers: broker.brokers });
  t.after(() => cluster.close());
  await cluster.ensureTopics(2);
  const kafka = await kafkaRigAt(t, broker.brokers);
  const promote = await promoter(t, kafka, models);
  const host = await startHost(t, vault, kafka.context(), { models });
  const config = keylifeConfigSchema.parse({ groupId: 'keylife-promotion', instanceId: 'one', clockMs: 100 });
  const login = vault.configs.keylife;
  const start = () =>
    startKeylife(kafka.context(), cluster.cluster, config, keylifePolicySchema.parse({}), login, models);
  let pipeline = await start();
  let stopped: Promise<unknown> | undefined;
  const stop = () => (stopped ??= Promise.all([pipeline.close(), host.close()]));
  t.after(stop);
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const scores = await kafka.seen<Score>(topics.scores);
  const telemetry = await kafka.seen<BiometricTelemetry>(topics.telemetryBiometric);
  const [typist] = inventedTyping(1, 200, keys, 77).typists;
  let typed = 0;
  const phrases = (count: number) =>
    Array.from({ length: count }, () => {
      const at = typed++ * timingNames(keys).length;
      return Object.fromEntries(timingNames(keys).map((name, i) => [name, typist!.seconds[at + i]!]));
    });
  const signIn = async (count: number, strong = false) => {
    const batch = batchOf(phrases(count), { session: randomUUID() });
    const request = { requestId: randomUUID(), user: 'anna@example', csr, strong, batch };
    const { body, status } = await ask(host.address, identity, 'POST', '/v1/authentications', request);
    assert.equal(status, 201, JSON.stringify(body));
    return body as typeof body & { readonly parts: Record<string, number> };
  };
  await signIn(30, true);
  const key = await signIn(2);
  assert.deepEqual(Object.keys(key.parts), ['keystroke.statistical']);
  await until('her baseline to be in force', () => telemetry.some(({ clock }) => clock && clock.baselinesOffset > 0));
  const session = randomUUID();
  const type = async (version: string): Promise<void> => {
    const bursts = () => scores.filter(({ samples }) => samples > 0);
    const before = bursts().length;
    const path = `/v1/keys/${key.credentialId}/behaviour`;
    await ask(host.address, identity, 'POST', path, { batch: batchOf(phrases(1), { session }) });
    await until('a score', () => bursts().length > before);
    assert.equal(bursts()[before]!.modelVersion, version);
  };
  const inForce = (sequence: number) =>
    until('the pointer in the clock', () => telemetry.some(({ clock }) => clock?.modelSequence === sequence));
  await type('statistical');

  await promote('v1');
  await until('v1 at the key host', async () => 'keystroke.comparator' in (await signIn(1)).parts);
  await inForce(1);
  await type('v1');
  await pipeline.close();
  pipeline = await start();
  await type('v1');

  await promote('v2');
  for (const job of [host, pipeline])
    await until('the refusal', async () => /was refused: .*weights\.bin was altered/.test((await job.health()).detail));
  assert.ok('keystroke.comparator' in (await signIn(1)).parts);
  await type('v1');
  assert.ok(!telemetry.some(({ clock }) => clock?.modelSequence === 2), 'what was refused is never announced');
  await stop();
});
