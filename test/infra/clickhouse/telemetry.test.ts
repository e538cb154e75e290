import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archiveTelemetry } from '../../../infra/clickhouse/telemetry.ts';
import { resourceFeatures, resourceMetrics } from '../../../models/features/resource.ts';
import { collectTelemetry } from '../../../models/training/telemetry/collect.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { everything, inventedSamples, sourceOf } from '../../models/training/telemetry/support.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive } from './support.ts';

test('archiveTelemetry() gives training what was archived, as a source in memory would', async (t) => {
  const archive = await preparedArchive(t, (await clickHouse(t)).url);
  const samples = inventedSamples(6, 300);
  const rows = archive.newBatch('test');
  samples.forEach(({ subject, time, values }, offset) => {
    const metrics = Object.fromEntries(resourceMetrics.map((metric, i) => [metric, values[i]]));
    const record = {
      credentialId: subject,
      host: 'h',
      sentAt: time,
      // A sample without a value, and one that is NaN
      samples: [{ time, ...metrics, threads: null, connections: Number.NaN, custom: {} }],
      clock: null,
    };
    rows.add(messageOf('telemetry.resource', offset), record);
  });
  await archive.insert(rows);
  const options = { range: everything, windowMs: 5000, seed: 3, minWindows: 4 };
  const source = archiveTelemetry(archive);
  const archived = await collectTelemetry(source, resourceFeatures, options);
  for (const { values } of samples)
    for (const metric of ['threads', 'connections'] as const) values[resourceMetrics.indexOf(metric)] = Number.NaN;
  const expected = await collectTelemetry(sourceOf(samples), resourceFeatures, options);
  assert.equal(archived.hash, expected.hash);
  assert.match(JSON.stringify(archived.lineage.source), /FROM telemetry_resource/);

  const before = { fromMs: 0, toMs: 1000 };
  await assert.rejects(collectTelemetry(source, resourceFeatures, { ...options, range: before }), (error) =>
    isEbbtideError(error, 'DATA_MISSING'),
  );
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(collectTelemetry(source, resourceFeatures, { ...options, signal: abort.signal }), (error) =>
    isEbbtideError(error, 'CANCELLED'),
  );
});

test('archiveTelemetry() knows what function held each credential, also of those that ended', async (t) => {
  const archive = await preparedArchive(t, (await clickHouse(t)).url);
  const batch = archive.newBatch('test');
  const entry = (credentialId: string, offset: number, name: string | null) =>
    batch.add(
      messageOf('credentials', offset, { key: Buffer.from(credentialId) }),
      name === null
        ? null
        : {
            ...{ credentialId, kind: 'token', reference: 'r', mount: 'auth/token', role: 'r', entityId: null },
            ...{ function: name, instance: 'i', event: '', issuedAt: 1, expiresAt: 2, ttlMs: 1, maxTtlMs: 1 },
            ...{ explicitMaxExpiresAt: null, shortening: 'live', status: 'active' },
          },
    );
  entry('kept', 0, 'bill');
  entry('moved', 1, 'bill');
  entry('moved', 2, 'ship');
  entry('ended', 3, 'ship');
  entry('ended', 4, null);
  entry('nameless', 5, '');
  entry('other', 6, 'bill');
  await archive.insert(batch);
  const found = await archiveTelemetry(archive).cohorts!(['kept', 'moved', 'ended', 'nameless', 'unknown']);
  assert.deepEqual([...found].sort(), [
    ['ended', 'ship'],
    ['kept', 'bill'],
    ['moved', 'ship'],
  ]);
});
