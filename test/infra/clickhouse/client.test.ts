import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openArchive } from '../../../infra/clickhouse/client.ts';
import { clickhouseConfig } from '../../../infra/clickhouse/config.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { freePort } from '../../services/ports.ts';
import { messageOf, preparedArchive, rowsOf } from './support.ts';

const opened = (t: TestContext, config: object) => {
  const archive = openArchive(clickhouseConfig.parse(config));
  t.after(() => archive.close());
  return archive;
};

const label = {
  subject: 's',
  decisionId: null,
  verdict: 'falsePositive',
  windowStart: null,
  windowEnd: null,
  note: 'n',
  by: 'b',
  at: 0,
};

test('openArchive must refuse an address that is none, or holds a password, without showing it', (t) => {
  assert.throws(() => opened(t, { url: 'clickhouse:8123' }), {
    code: 'CONFIG_INVALID',
    message: /clickhouse\.url .* got "clickhouse:8123"/,
  });
  assert.throws(
    () => opened(t, { url: 'http://me:hunter2@host:8123' }),
    (error: Error) => !error.message.includes('hunter2'),
  );
  assert.throws(() => opened(t, { url: 'http://127.0.0.1:1', passwordFile: '/nowhere/password' }), {
    code: 'CONFIG_INVALID',
    message: /\/nowhere\/password/,
  });
});

test('an archive that is not there must be unavailable', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const archive = opened(t, { url });
  const batch = archive.newBatch('test');
  batch.add(messageOf('labels', 1), label);
  const unavailable = { code: 'CLICKHOUSE_UNAVAILABLE' };
  await assert.rejects(archive.insert(batch), unavailable);
  await assert.rejects(archive.prepare(), unavailable);
  await assert.rejects(archive.ping(), unavailable);
});

test('a server that never answers must be unavailable after the time-out, and at once when aborted', async (t) => {
  const server = await silentServer(t);
  const archive = opened(t, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requestTimeoutMs: 1000,
  });
  const batch = archive.newBatch('test');
  batch.add(messageOf('labels', 1), label);
  await assert.rejects(archive.insert(batch), { code: 'CLICKHOUSE_UNAVAILABLE' });
  await assert.rejects(archive.insert(batch, AbortSignal.timeout(20)), { code: 'CANCELLED' });
});

test('the client on a real server', async (t) => {
  const { url } = await clickHouse(t);

  await t.test('a wrong password must be rejected, and say what to check', async (t) => {
    const passwordFile = join(temporaryFolder(t), 'password');
    writeFileSync(passwordFile, 'hunter2\n');
    await assert.rejects(opened(t, { url, passwordFile }).prepare(), (error: Error & { code: string }) => {
      assert.equal(error.code, 'CLICKHOUSE_REJECTED');
      assert.match(error.message, /PASSWORD\); check clickhouse\.username and its password$/);
      assert.ok(!JSON.stringify(error).includes('hunter2') && !error.message.includes('hunter2'));
      return true;
    });
  });

  await t.test('a table that is gone must be rejected, not tried for ever', async (t) => {
    const archive = await preparedArchive(t, url);
    await archive.client.command({ query: 'DROP TABLE labels_raw' });
    const batch = archive.newBatch('test');
    batch.add(messageOf('labels', 1), label);
    await assert.rejects(archive.insert(batch), {
      code: 'CLICKHOUSE_REJECTED',
      message: /Cannot insert into labels_raw: .*UNKNOWN_TABLE\); run the migrations/s,
    });
  });

  await t.test('compressed inserts must arrive', async (t) => {
    const archive = await preparedArchive(t, url, { compression: true });
    const batch = archive.newBatch('test');
    for (let offset = 0; offset < 5000; offset++) batch.add(messageOf('labels', offset), label);
    await archive.insert(batch);
    assert.deepEqual(await rowsOf(archive, 'SELECT count() AS labels FROM labels'), [{ labels: 5000 }]);
  });

  await t.test('one insert must bear messages of more days than ClickHouse takes for sane', async (t) => {
    const archive = await preparedArchive(t, url);
    const batch = archive.newBatch('test');
    const burst = { user: 'u', session: 's', time: 0, modality: 'mouse', features: {}, featureHash: '', purpose: '' };
    for (let day = 0; day < 150; day++)
      batch.add(messageOf('telemetry.biometric', day, { timestamp: day * 86_400_000 }), burst);
    batch.add(messageOf('telemetry.biometric', 150, { timestamp: -1 }), burst);
    batch.add(messageOf('telemetry.biometric', 151, { timestamp: Number.MAX_SAFE_INTEGER }), burst);
    await archive.insert(batch);
    assert.deepEqual(await rowsOf(archive, 'SELECT count() AS bursts FROM telemetry_biometric'), [{ bursts: 152 }]);
  });
});

const silentServer = async (t: TestContext): Promise<Server> => {
  const server = createServer(() => {});
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
};
