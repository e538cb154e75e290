import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Schema } from 'avsc';
import { schemaRegistryConfig } from '../../../infra/config/connections.ts';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { connectRegistry } from '../../../infra/kafka/registry.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { makeAuthority, makeCertificate } from '../../services/certificates.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { httpsBefore, pem } from '../../services/https.ts';

const schema = { type: 'record', name: 'Reading', fields: [{ name: 'level', type: 'double' }] } as Schema;

test('connectRegistry trusts the authority that it is told of, and shows its certificate', async (t) => {
  const folder = temporaryFolder(t);
  const authority = makeAuthority(folder);
  const caFile = authority.certFile;
  const registry = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  t.after(() => registry.close());
  const { address: url, seen } = await httpsBefore(t, registry.address!, {
    ...pem(makeCertificate(folder, 'registry', authority)),
    ...{ ca: readFileSync(caFile), requestCert: true, rejectUnauthorized: true },
  });
  const own = makeCertificate(folder, 'lifecycle', authority);
  const client = connectRegistry({ url, caFile, ...own });
  const id = await client.register('reading-value', schema);
  assert.deepEqual(await connectRegistry({ url, caFile, ...own }).byId(id), schema);
  assert.deepEqual([...new Set(seen.map(({ name }) => name))], ['lifecycle']);

  const stranger = makeCertificate(folder, 'stranger', makeAuthority(folder, 'elsewhere'));
  for (const options of [{ caFile }, own, { caFile, ...stranger }])
    await assert.rejects(connectRegistry({ url, ...options }).byId(id), { code: 'KAFKA_UNAVAILABLE' });
  assert.throws(() => connectRegistry({ url, caFile, ...own, keyFile: stranger.keyFile }), {
    code: 'CONFIG_INVALID',
    message: /schemaRegistry\.keyFile names .*stranger\.key, which is not the key of/,
  });
});

test('a certificate for the registry goes with its key, by TLS alone', () => {
  const [certFile, keyFile] = ['/own.pem', '/own.key'];
  const issues = (section: object) => schemaRegistryConfig.safeParse(section).error?.issues.map(({ path }) => path[0]);
  assert.equal(issues({ url: 'https://registry:8081', certFile, keyFile }), undefined);
  assert.deepEqual(issues({ url: 'https://registry:8081', keyFile }), ['keyFile']);
  assert.deepEqual(issues({ url: 'http://registry:8081', certFile, keyFile }), ['certFile']);
});
