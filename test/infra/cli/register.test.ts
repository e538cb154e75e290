import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from 'avsc';
import { Registry } from 'prom-client';
import { readControls, readToEnd } from '../../../infra/cli/register.ts';
import { follow } from '../../../infra/console/follow.ts';
import type { AppContext } from '../../../infra/context.ts';
import { createLogger } from '../../../infra/log.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { controlRecord } from '../../../schemas/control.ts';
import type { Control } from '../../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../../schemas/topics.ts';
import { AwayRegistry } from '../../services/awayRegistry.ts';
import { MemoryKafka } from '../console/memory-kafka.ts';

process.env.EBBTIDE_LOG ??= 'silent';

/** Topic `control` with a kill switch that another version of the program wrote: its schema has to be asked for. */
const prepared = async () => {
  const registry = new AwayRegistry();
  const kafka = new MemoryKafka();
  const older = { ...(topics.control.schema as object), doc: 'as another version wrote it' } as Schema;
  const codec = await TopicCodec.open<Control>({ ...topics.control, schema: older } as TopicSpec, registry);
  const record = controlRecord({ kind: 'killSwitch', value: true, by: 'ann', reason: 'test' } as never, 1000);
  kafka.publish(topics.control.name, 'nonsense', Buffer.from('nonsense'), 1000);
  kafka.publish(topics.control.name, record.key, codec.encode(record), 1000);
  registry.away = true;
  const context: AppContext = { kafka, registry, metrics: new Registry(), log: createLogger('test') };
  return { registry, context, record };
};

test('readControls() waits for a schema registry that is away, and misses no order', async () => {
  const { registry, context, record } = await prepared();
  const reading = readControls(context);
  while (registry.asked < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  registry.away = false;
  assert.deepEqual([...(await reading).keys()], [record.key]);
});

test('readToEnd() says so when the schema registry does not come back', async () => {
  const { context } = await prepared();
  await assert.rejects(
    readToEnd(context, [topics.control], () => undefined, 300),
    { code: 'KAFKA_UNAVAILABLE', message: /Topic control cannot be read, for the schema registry does not answer/ },
  );
});

test('follow() waits for a schema registry that is away, and hands the kill switch on', async () => {
  const { registry, context, record } = await prepared();
  const heard: string[] = [];
  const sink = { control: ({ key }: Control) => heard.push(key), change: () => undefined };
  const following = await follow(context, 'beginning', () => 2000, sink as unknown as Parameters<typeof follow>[3]);
  while (registry.asked < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(heard, []);
  assert.equal(following.malformed, 1, 'what can never be read is counted, and holds nothing up');
  registry.away = false;
  await following.registerRead;
  while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(heard, [record.key]);
  await following.close();
});
