import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Schema } from 'avsc';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { connectRegistry } from '../../../infra/kafka/registry.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { frameBytes, TopicCodec } from '../../../schemas/codec.ts';
import { MemoryRegistry, type SchemaRegistry } from '../../../schemas/registry.ts';
import { SampleTable } from '../../../schemas/samples.ts';
import { TelemetryCodec } from '../../../schemas/telemetry.ts';
import type { TopicSpec } from '../../../schemas/topics.ts';
import { uniqueName } from '../../services/ports.ts';

/** Ours, and the one of another maker that `EBBTIDE_TEST_REGISTRY` names, where it does. */
const registries: Record<string, (t: TestContext) => Promise<string | undefined>> = {
  'the embedded registry': async (t) => {
    const server = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
    t.after(() => server.close());
    return server.address!;
  },
  'the registry at EBBTIDE_TEST_REGISTRY': async (t) => {
    const url = process.env.EBBTIDE_TEST_REGISTRY;
    if (!url)
      t.skip('Skipped without another registry: set EBBTIDE_TEST_REGISTRY to the URL of a Confluent-compatible one');
    return url;
  },
};

const field = (name: string, type: unknown, rest: object = {}) => ({ name, type, ...rest });
const record = (...fields: object[]) => ({ type: 'record', name: 'Reading', fields }) as unknown as Schema;
const first = record(field('subject', 'string'), field('level', 'double'));
const second = record(field('subject', 'string'), field('level', 'double'), field('unit', 'string', { default: 'm' }));
const withoutDefault = record(field('subject', 'string'), field('level', 'double'), field('unit', 'string'));
const topicOf = (name: string, schema: Schema): TopicSpec => ({
  name,
  schema,
  key: 'subject',
  partitioning: 'partitioned',
  cleanup: 'delete',
  retentionMs: -1,
});

/** Counts the schemas that are fetched. */
const counting = (registry: SchemaRegistry) => {
  const fetched: number[] = [];
  return {
    fetched,
    register: (subject: string, schema: Schema) => registry.register(subject, schema),
    byId: (id: number) => {
      fetched.push(id);
      return registry.byId(id);
    },
  };
};

for (const [name, open] of Object.entries(registries)) {
  test(`connectRegistry at ${name} gives a schema by its id alone, also to a client that registered nothing`, async (t) => {
    const url = await open(t);
    if (!url) return;
    const subject = uniqueName('reading');
    const id = await connectRegistry({ url }).register(`${subject}-value`, first);
    assert.ok(Number.isInteger(id) && id > 0);
    assert.deepEqual(await connectRegistry({ url }).byId(id), first);
    await assert.rejects(connectRegistry({ url }).byId(2_000_000_000), { code: 'SCHEMA_UNKNOWN' });
  });

  test(`connectRegistry at ${name} gives one schema one id, and refuses a version that cannot read the last`, async (t) => {
    const url = await open(t);
    if (!url) return;
    const subject = `${uniqueName('reading')}-value`;
    const registry = connectRegistry({ url });
    const id = await registry.register(subject, first);
    assert.equal(await connectRegistry({ url }).register(subject, first), id);
    await assert.rejects(connectRegistry({ url }).register(subject, withoutDefault), { code: 'SCHEMA_INCOMPATIBLE' });
    assert.notEqual(await registry.register(subject, second), id);
  });

  test(`connectRegistry at ${name} gives one id to processes that start at once, each the first of a new subject`, async (t) => {
    const url = await open(t);
    if (!url) return;
    const subjects = Array.from({ length: 4 }, () => `${uniqueName('reading')}-value`);
    const clients = Array.from({ length: 10 }, () => connectRegistry({ url }));
    for (const subject of subjects) {
      const ids = await Promise.all(clients.map((client) => client.register(subject, first)));
      assert.deepEqual(new Set(ids).size, 1, String(ids));
      await assert.rejects(connectRegistry({ url }).register(subject, withoutDefault), { code: 'SCHEMA_INCOMPATIBLE' });
    }
  });

  test(`TopicCodec on ${name} reads an older writer and a newer one, and fetches each schema once`, async (t) => {
    const url = await open(t);
    if (!url) return;
    const topic = uniqueName('reading');
    const older = await TopicCodec.open<object>(topicOf(topic, first), connectRegistry({ url }));
    const newRegistry = counting(connectRegistry({ url }));
    const newer = await TopicCodec.open<object>(topicOf(topic, second), newRegistry);
    const old = older.encode({ subject: 'quay', level: 2.5 });
    for (let i = 0; i < 3; i++)
      assert.deepEqual({ ...(await newer.read(old)) }, { subject: 'quay', level: 2.5, unit: 'm' });
    assert.deepEqual(newRegistry.fetched, [older.id]);

    const oldRegistry = counting(connectRegistry({ url }));
    const stillOld = await TopicCodec.open<object>(topicOf(topic, first), oldRegistry);
    const written = newer.encode({ subject: 'quay', level: 8, unit: 'ft' });
    for (let i = 0; i < 3; i++) assert.deepEqual({ ...(await stillOld.read(written)) }, { subject: 'quay', level: 8 });
    assert.deepEqual(oldRegistry.fetched, [newer.id]);
  });

  test(`TelemetryCodec on ${name} reads samples of a newer agent, fetching its schema once and no more`, async (t) => {
    const url = await open(t);
    if (!url) return;
    const sample = (...fields: object[]) => ({
      type: 'array',
      items: {
        type: 'record',
        name: 'Sample',
        fields: [field('time', 'long'), field('cpuCores', 'double'), ...fields],
      },
    });
    const version = (...fields: object[]) =>
      record(field('credentialId', 'string'), field('samples', sample(...fields)));
    const topic = uniqueName('telemetry');
    const registry = counting(connectRegistry({ url }));
    const layout = { key: 'credentialId', samples: 'samples', time: 'time', metrics: resourceMetrics };
    const reader = await TelemetryCodec.open(registry, layout, topicOf(topic, version()));
    const agent = await TopicCodec.open<object>(
      topicOf(topic, version(field('gpu', 'double', { default: 0 }))),
      connectRegistry({ url }),
    );
    const bytes = agent.encode({ credentialId: 'c', samples: [{ time: 5, cpuCores: 0.25, gpu: 1 }] });
    assert.equal(reader.readerOf(bytes), undefined);
    await reader.learn(bytes);
    const fetched = registry.fetched.length;
    const table = new SampleTable(resourceMetrics.length);
    for (let i = 0; i < 3; i++) assert.equal(reader.readerOf(bytes)!(bytes, frameBytes, table), 'c');
    assert.deepEqual([...table.values.subarray(0, 2)], [5, 0.25]);
    assert.equal(registry.fetched.length, fetched);
    assert.deepEqual([...new Set(registry.fetched)], [agent.id]);
  });
}

test('connectRegistry says KAFKA_UNAVAILABLE of a registry that is away, so that nothing becomes a dead letter', async () => {
  const registry = connectRegistry({ url: 'http://127.0.0.1:1' });
  await assert.rejects(registry.byId(1), { code: 'KAFKA_UNAVAILABLE' });
});
