import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import type { Stream } from '../../../../infra/services/signals/transmitter/stream.ts';
import { Streams } from '../../../../infra/services/signals/transmitter/streams.ts';
import { deliveryMethods } from '../../../../schemas/securityEvents.ts';
import { temporaryFolder } from '../../../services/folder.ts';

const streamOf = (stream_id: string): Stream => ({
  ...{ stream_id, receiver: 'partner', aud: ['a'], events_requested: [], status: 'enabled', removed: [] },
  delivery: { method: deliveryMethods.poll },
});

test('tokens added to a stream while it is deleted must fail nobody, and leave nothing behind', async (t) => {
  const folder = temporaryFolder(t);
  const streams = await Streams.open(folder, 10);
  for (let round = 0; round < 20; round++) {
    const id = `stream-${round}`;
    await streams.put(streamOf(id));
    const adding = [1, 2, 3].map((number) => streams.add(id, { jti: `jti${number}`, set: 'x' }));
    const settled = await Promise.allSettled([
      ...adding,
      streams.delete(id),
      streams.add(id, { jti: 'late', set: 'x' }),
    ]);
    assert.deepEqual(
      settled.filter(({ status }) => status === 'rejected'),
      [],
    );
    assert.equal(streams.get(id), undefined);
  }
  assert.deepEqual(readdirSync(folder), []);
});

test('a change that fails must not fail those after it', async (t) => {
  const streams = await Streams.open(temporaryFolder(t), 10);
  await streams.put(streamOf('one'));
  const wrong = streams.add('one', { jti: 'no/such/folder', set: 'x' });
  const right = streams.add('one', { jti: 'right', set: 'x' });
  await assert.rejects(wrong);
  await right;
  assert.deepEqual(
    streams.peek('one', 5).map(({ jti }) => jti),
    ['right'],
  );
});
