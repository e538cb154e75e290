import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kafkaAccess } from '../../../infra/kafka/acls.ts';
import { startHarness } from './harness.ts';

test('the console must be given the topics that it follows to read, and no other', async (t) => {
  const harness = await startHarness();
  t.after(() => harness.close());
  const reads = kafkaAccess.console.reads.map(({ name }) => name);
  assert.deepEqual([...harness.kafka.followed].sort(), reads.sort());
});
