import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { AppContext } from '../../../infra/context.ts';
import { openJoinedTables } from '../../../infra/jobs/joinedTopics.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { controlRecord } from '../../../schemas/control.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Control } from '../../../schemas/generated/index.ts';
import { MemoryRegistry, type SchemaRegistry } from '../../../schemas/registry.ts';
import { type TopicSpec, topics } from '../../../schemas/topics.ts';
import { MemoryKafka } from '../console/memory-kafka.ts';

/** A writer of another version, so that its schema has to be fetched. */
const otherVersion: TopicSpec = {
  ...topics.control,
  schema: {
    ...(topics.control.schema as object),
    fields: [
      ...(topics.control.schema as unknown as { fields: object[] }).fields,
      { name: 'ticket', type: 'string', default: '' },
    ],
  } as never,
};

const setUp = async (failing: () => EbbtideError | undefined) => {
  const memory = new MemoryRegistry();
  let asked = 0;
  const registry: SchemaRegistry = {
    register: (subject, schema) => memory.register(subject, schema),
    byId: async (id) => {
      asked++;
      const failure = failing();
      if (failure) throw failure;
      return memory.byId(id);
    },
  };
  const kafka = new MemoryKafka();
  const log = pino({ level: 'silent' });
  const context = { kafka, registry, log, metrics: new Registry() } as unknown as AppContext;
  const passedOver: string[] = [];
  const tables = await openJoinedTables(context, 'lifecycle', { passedOver: (topic) => void passedOver.push(topic) });
  const writer = await TopicCodec.open<Control & { ticket: string }>(otherVersion, memory);
  const throwSwitch = () => {
    const record = controlRecord({ kind: 'killSwitch', value: true, by: 'ann', reason: '' }, 0);
    kafka.publish(topics.control.name, record.key, writer.encode({ ...record, ticket: 'T-1' }), 0);
  };
  return { kafka, tables, passedOver, throwSwitch, asked: () => asked };
};

const killed = ({ tables }: Awaited<ReturnType<typeof setUp>>) =>
  tables.forPartition(0).orders({ control: tables.control.position, credentials: 0, labels: 0 }, 1).killSwitch;

test('openJoinedTables() must not miss a kill switch while the schema registry is away', async () => {
  let failures = 2;
  const rig = await setUp(() =>
    failures-- > 0 ? new EbbtideError('KAFKA_UNAVAILABLE', 'Registry does not answer') : undefined,
  );
  rig.throwSwitch();
  await rig.tables.control.reached(1);
  assert.equal(rig.asked(), 3);
  assert.equal(killed(rig), true);
  assert.deepEqual(rig.passedOver, []);
  await rig.tables.close();
});

test('openJoinedTables() must ask again for a schema id that the registry does not know yet', async () => {
  let failures = 1;
  const rig = await setUp(() => (failures-- > 0 ? new EbbtideError('SCHEMA_UNKNOWN', 'Not here yet') : undefined));
  rig.throwSwitch();
  await rig.tables.control.reached(1);
  assert.equal(killed(rig), true);
  await rig.tables.close();
});

test('openJoinedTables() must pass over what can never be read, count it, and go on', async () => {
  const rig = await setUp(() => undefined);
  rig.kafka.publish(topics.control.name, 'killSwitch', Buffer.from('not avro'), 0);
  rig.kafka.publish(topics.control.name, 'killSwitch', Buffer.from([0, 0, 0, 0, 1, 9]), 0);
  await rig.tables.control.reached(2);
  assert.deepEqual(rig.passedOver, [topics.control.name, topics.control.name]);
  rig.throwSwitch();
  await rig.tables.control.reached(3);
  assert.equal(killed(rig), true);
  await rig.tables.close();
});

test('openJoinedTables() must close though the registry stays away', async () => {
  const rig = await setUp(() => new EbbtideError('KAFKA_UNAVAILABLE', 'Registry does not answer'));
  rig.throwSwitch();
  await new Promise((resolve) => setImmediate(resolve));
  await rig.tables.close();
  assert.equal(killed(rig), false);
});

test('forget() must keep what a partition held is joined at, and of others what they may yet be', async (t) => {
  const rig = await setUp(() => undefined);
  t.after(() => rig.tables.close());
  const table = rig.tables.credentials(0);
  for (const [offset, ttlMs] of [100, 200, 300].entries())
    table.set('cred-1', offset, { ttlMs, maxTtlMs: 1000, issuedAt: 0, ended: false });
  const ttlAt = (offset: number) => table.at('cred-1', offset)?.ttlMs;
  rig.tables.forget(new Map());
  assert.deepEqual([1, 2, 3].map(ttlAt), [100, 200, 300], 'another holds it, and has not said how far it is');
  rig.tables.forget(new Map([[0, 2]]));
  assert.deepEqual([1, 2, 3].map(ttlAt), [undefined, 200, 300]);
});
