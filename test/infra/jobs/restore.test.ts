import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readChangelog } from '../../../infra/jobs/restore.ts';
import { openClients } from '../../../infra/kafka/client.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { LifecycleState } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { testContext } from '../../services/context.ts';

test('readChangelog closes its client where a record cannot be read', async (t) => {
  const { kafka, registry, closing } = await testContext(t);
  const codec = await TopicCodec.open<LifecycleState>(topics.stateLifecycle, registry);
  const producer = await kafka.producer();
  closing(() => producer.close());
  await producer.send([{ topic: topics.stateLifecycle.name, partition: 0, key: 'a', value: Buffer.from('nonsense') }]);
  const before = new Set(openClients);
  await assert.rejects(readChangelog(kafka, codec, 0, 1, () => {}));
  assert.deepEqual(new Set(openClients), before);
});
