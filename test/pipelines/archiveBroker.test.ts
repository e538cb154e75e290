import assert from 'node:assert/strict';
import { test } from 'node:test';
import { privateKafka } from '../services/kafka.ts';
import { requireOrSkip } from '../services/require.ts';
import { archiveRig, labels, notes, send, until, upTo } from './archiveRig.ts';

test('a broker that is killed and comes back must cost the archive no record', async (t) => {
  if (!(await requireOrSkip(t, 'java', 'clickhouse'))) return;
  const broker = await privateKafka(t);
  const it = await archiveRig(t, broker.brokers);
  await it.startClickHouse();
  await it.start();
  await send(it, await labels(it, 0, 300));
  assert.equal((await until(notes(it), (found) => found.length === 300)).length, 300);

  await broker.kill();
  await broker.start();
  await send(it, await labels(it, 300, 300));
  assert.deepEqual(await until(notes(it), (found) => found.length >= 600), upTo(600));
  const [offsets] = await it.archive.client
    .query({
      query: 'SELECT count() AS rows, uniqExact(kafka_partition, kafka_offset) AS places FROM labels',
      format: 'JSONEachRow',
    })
    .then((answer) => answer.json<{ rows: number; places: number }>());
  assert.deepEqual(offsets, { rows: 600, places: 600 });
});
