import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import avro, { type Schema } from 'avsc';
import fc from 'fast-check';
import { frameBytes, schemaIdOf, TopicCodec } from '../../schemas/codec.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import { type Alert, AlertSchema } from '../../schemas/generated/index.ts';
import { MemoryRegistry, type SchemaRegistry } from '../../schemas/registry.ts';
import { subjectOf, type TopicSpec, topics } from '../../schemas/topics.ts';

const alert: Alert = {
  alertId: 'a',
  subject: 's',
  pipeline: 'lifecycle',
  kind: 'revoked',
  severity: 'critical',
  summary: 'look',
  decisionId: null,
  at: 1,
};
const topicOf = (fields: object[]): TopicSpec => ({
  ...topics.alerts,
  schema: { type: 'record', name: 'ebbtide.Thing', fields } as Schema,
});
const a = { name: 'a', type: 'string' };
const b = { name: 'b', type: 'long', default: 7 };

describe('TopicCodec', () => {
  it('writes Confluent frames: a zero, the schema id, the Avro body', async () => {
    const registry = new MemoryRegistry();
    await registry.register('other-value', { type: 'record', name: 'X', fields: [] });
    const codec = await TopicCodec.open<Alert>(topics.alerts, registry);
    const bytes = codec.encode(alert);
    assert.deepEqual([...bytes.subarray(0, frameBytes)], [0, 0, 0, 0, 2]);
    assert.equal(schemaIdOf(bytes), 2);
    assert.deepEqual(bytes.subarray(frameBytes), avro.Type.forSchema(AlertSchema as never).toBuffer(alert));
  });

  it('keeps every encoded record intact, whatever its size and whatever comes after', async () => {
    const codec = await TopicCodec.open<Alert>(topics.alerts, new MemoryRegistry());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(100_000), { maxLength: 30 }), async (sizes) => {
        const made = sizes.map((size, i) => ({ ...alert, summary: String(i % 10).repeat(size) }));
        const encoded = made.map((record) => codec.encode(record));
        for (const [i, bytes] of encoded.entries()) assert.deepEqual({ ...codec.decode(bytes) }, made[i]);
      }),
      { numRuns: 30 },
    );
  });

  it('reads an older writer with defaults and a newer one without its new fields', async () => {
    const registry = new MemoryRegistry();
    const older = await TopicCodec.open<{ a: string }>(topicOf([a]), registry);
    const newer = await TopicCodec.open<{ a: string; b: number }>(topicOf([a, b]), registry);
    assert.deepEqual({ ...(await newer.read(older.encode({ a: 'x' }))) }, { a: 'x', b: 7 });
    assert.deepEqual({ ...(await older.read(newer.encode({ a: 'x', b: 9 }))) }, { a: 'x' });
  });

  it('asks the registry once for each schema id', async () => {
    const memory = new MemoryRegistry();
    let asked = 0;
    const registry: SchemaRegistry = {
      register: (subject, schema) => memory.register(subject, schema),
      byId: (id) => {
        asked++;
        return memory.byId(id);
      },
    };
    const older = await TopicCodec.open<{ a: string }>(topicOf([a]), registry);
    const newer = await TopicCodec.open<{ a: string }>(topicOf([a, b]), registry);
    for (let i = 0; i < 5; i++) await newer.read(older.encode({ a: 'x' }));
    assert.equal(asked, 1);
    for (let i = 0; i < 5; i++)
      await assert.rejects(newer.read(Buffer.from([0, 0, 0, 9, 9, 0])), { code: 'SCHEMA_UNKNOWN' });
    assert.equal(asked, 2);
  });

  it('does not take a registry that is away for an unknown schema', async () => {
    const memory = new MemoryRegistry();
    let away = true;
    const registry: SchemaRegistry = {
      register: (subject, schema) => memory.register(subject, schema),
      byId: async (id) => {
        if (away) throw new Error('connection refused');
        return memory.byId(id);
      },
    };
    const older = await TopicCodec.open<{ a: string }>(topicOf([a]), registry);
    const newer = await TopicCodec.open<{ a: string }>(topicOf([a, b]), registry);
    const bytes = older.encode({ a: 'x' });
    await assert.rejects(newer.read(bytes), /connection refused/);
    away = false;
    assert.equal((await newer.read(bytes)).a, 'x');
  });

  it('refuses frames and bodies that are malformed, and values that do not fit', async () => {
    const codec = await TopicCodec.open<Alert>(topics.alerts, new MemoryRegistry());
    assert.throws(() => codec.decode(Buffer.from('no')), { code: 'RECORD_MALFORMED' });
    assert.throws(() => codec.decode(codec.encode(alert).subarray(0, 9)), { code: 'RECORD_MALFORMED' });
    assert.throws(() => codec.encode({ ...alert, at: 'soon' as never }), {
      code: 'RECORD_OUT_OF_RANGE',
      message: /at/,
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          codec.decode(Buffer.from([0, 0, 0, 0, 1, ...bytes]));
        } catch (error) {
          assert.ok(isEbbtideError(error, 'RECORD_MALFORMED'));
        }
      }),
    );
  });
});

describe('MemoryRegistry', () => {
  it('gives one id to one schema and refuses a version that cannot read the last', async () => {
    const registry = new MemoryRegistry();
    const first = await registry.register(subjectOf('x'), topicOf([a]).schema);
    assert.equal(await registry.register(subjectOf('x'), topicOf([a]).schema), first);
    await assert.rejects(registry.register(subjectOf('x'), topicOf([a, { name: 'c', type: 'string' }]).schema), {
      code: 'SCHEMA_INCOMPATIBLE',
      message: /give new fields a default/,
    });
    assert.notEqual(await registry.register(subjectOf('x'), topicOf([a, b]).schema), first);
    await assert.rejects(registry.byId(99), { code: 'SCHEMA_UNKNOWN' });
  });
});

describe('topics', () => {
  it('have a schema whose every field is documented, with its key among them', () => {
    const undocumented: string[] = [];
    const visit = (schema: unknown, path: string): void => {
      if (Array.isArray(schema)) {
        for (const one of schema) visit(one, path);
        return;
      }
      if (typeof schema !== 'object' || schema === null) return;
      const { type, name, doc, fields, items, values } = schema as Record<string, unknown>;
      if ((type === 'record' || type === 'enum') && !doc) undocumented.push(`${path}.${name}`);
      for (const field of (fields as { name: string; doc?: string; type: unknown }[] | undefined) ?? []) {
        if (!field.doc) undocumented.push(`${path}.${field.name}`);
        visit(field.type, `${path}.${field.name}`);
      }
      visit(items, path);
      visit(values, path);
      if (typeof type === 'object') visit(type, path);
    };
    for (const topic of Object.values(topics)) {
      visit(topic.schema, topic.name);
      const { fields } = topic.schema as unknown as { fields: { name: string }[] };
      assert.ok(
        fields.some(({ name }) => name === topic.key),
        `${topic.name} has no field ${topic.key}`,
      );
    }
    assert.deepEqual(undocumented, []);
  });
});
