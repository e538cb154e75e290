import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { AwsClient } from 'aws4fetch';
import { shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { checkedAnomalyModel } from '../../../models/registry/check.ts';
import { modelsConfigSchema } from '../../../models/registry/config.ts';
import { openModelRegistry } from '../../../models/registry/open.ts';
import { S3Store } from '../../../models/registry/s3.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { s3Server } from '../../services/s3.ts';

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
const environment = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
const configOf = (endpoint: string, registry = 's3://models/ebbtide') =>
  modelsConfigSchema.parse({ registry, s3: { endpoint, timeoutMs: 2000 } });
const makeBucket = async (endpoint: string) => {
  const client = new AwsClient({ ...credentials, service: 's3', region: 'us-east-1' });
  assert.ok((await client.fetch(`${endpoint}/models`, { method: 'PUT' })).ok);
};

test('a registry in a bucket keeps versions, lets one promotion win, and serves what ran once while it is away', async (t) => {
  const server = await s3Server(t);
  if (!server) return;
  process.env.EBBTIDE_DATA = temporaryFolder(t);
  t.after(() => {
    delete process.env.EBBTIDE_DATA;
  });
  await makeBucket(server.endpoint);
  const open = () => openModelRegistry(configOf(server.endpoint), environment);
  const registry = await open();
  assert.deepEqual(await registry.versions('anomaly'), []);
  const record = await registry.publish('anomaly', shippedAnomalyModel(), 'me');
  assert.deepEqual(await registry.publish('anomaly', shippedAnomalyModel(), 'another'), record);
  assert.deepEqual(await registry.versions('anomaly'), [record.version]);

  const champion = { version: record.version, digest: record.digest };
  const point = async (by: string) =>
    (await open()).point({
      ...{ kind: 'anomaly', sequence: 1, champion, challenger: null, action: 'promote', base: 0 },
      ...{ at: new Date().toISOString(), by, reason: '' },
    });
  const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map(point));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const result of results)
    if (result.status === 'rejected') assert.ok(isEbbtideError(result.reason, 'REGISTRY_CONFLICT'), `${result.reason}`);
  assert.equal((await registry.pointers('anomaly')).length, 1);

  const load = async () =>
    (await checkedAnomalyModel((await (await open()).version('anomaly', record.version)).source)).close();
  await load();
  await server.stop();
  await load();
  // A copy that was altered is no use, and nobody is there to ask
  const blobs = join(process.env.EBBTIDE_DATA, 'models/cache/models/ebbtide/blobs');
  for (const name of readdirSync(blobs)) writeFileSync(join(blobs, name), readFileSync(join(blobs, name)).subarray(1));
  await assert.rejects(load(), (error) => {
    assert.ok(isEbbtideError(error, 'REGISTRY_UNAVAILABLE'), `${error}`);
    assert.match(error.message, /s3:\/\/models\/ebbtide\/ at http.* cannot be reached: .*check models\.registry/);
    return true;
  });
  await assert.rejects(registry.versions('anomaly'), (error) => isEbbtideError(error, 'REGISTRY_UNAVAILABLE'));
});

test('S3Store.list() gives all keys, page by page', async (t) => {
  const server = await s3Server(t);
  if (!server) return;
  await makeBucket(server.endpoint);
  const store = new S3Store({
    ...{ bucket: 'models', prefix: 'p/', endpoint: server.endpoint, region: 'us-east-1', timeoutMs: 5000 },
    ...credentials,
  });
  const keys = Array.from({ length: 1005 }, (_, i) => `many/${String(i).padStart(4, '0')}`);
  for (let i = 0; i < keys.length; i += 15)
    await Promise.all(keys.slice(i, i + 15).map((key) => store.putIfAbsent(key, Buffer.from(key))));
  assert.deepEqual(await store.list('many/'), keys);
  assert.equal(await store.putIfAbsent(keys[0]!, Buffer.from('other')), false);
  assert.equal((await store.get(keys[0]!))?.toString(), keys[0]);
  assert.equal(await store.get('many/none'), undefined);
});

test('a bucket that does not exist is told of', async (t) => {
  const server = await s3Server(t);
  if (!server) return;
  const registry = await openModelRegistry(configOf(server.endpoint, 's3://nobody/p'), environment);
  await assert.rejects(registry.versions('anomaly'), (error) => {
    assert.ok(isEbbtideError(error, 'REGISTRY_UNAVAILABLE'), `${error}`);
    assert.match(error.message, /refused .*NoSuchBucket; check the bucket, its credentials and rights/);
    return true;
  });
});

test('S3Store says that a bucket is full or forbids, by what the server answers', async (t) => {
  let answer: [number, string] = [507, ''];
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(answer[0]).end(answer[1]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store = new S3Store({
    ...{ bucket: 'models', prefix: '', endpoint, region: 'us-east-1', timeoutMs: 5000 },
    ...credentials,
  });
  answer = [403, '<Error><Code>QuotaExceeded</Code></Error>'];
  await assert.rejects(store.putIfAbsent('key', Buffer.of(1)), { code: 'REGISTRY_FULL' });
  answer = [403, '<Error><Code>AccessDenied</Code></Error>'];
  await assert.rejects(store.putIfAbsent('key', Buffer.of(1)), {
    code: 'REGISTRY_UNAVAILABLE',
    message: /AccessDenied/,
  });
  answer = [412, ''];
  assert.equal(await store.putIfAbsent('key', Buffer.of(1)), false);
});

test('openModelRegistry() names the credentials that are missing, and refuses a URL without a bucket', async () => {
  await assert.rejects(openModelRegistry(configOf('http://127.0.0.1:1'), {}), {
    code: 'CONFIG_INVALID',
    message: /set the environment variable AWS_ACCESS_KEY_ID, or name a file at models\.s3\.accessKeyIdFile/,
  });
  await assert.rejects(openModelRegistry(configOf('http://127.0.0.1:1', 's3:///p'), environment), {
    code: 'CONFIG_INVALID',
    message: /must be s3:\/\/bucket\/prefix/,
  });
});
