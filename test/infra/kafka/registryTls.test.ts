import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Schema } from 'avsc';
import { schemaRegistryConfig } from '../../../infra/config/connections.ts';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { connectRegistry } from '../../../infra/kafka/registry.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { makeAuthority, makeCertificate } from '../../services/certificates.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { httpsBefore, pem } from '../../services/https.ts';

const extension = extname(import.meta.url);
const loader = extension === '.ts' ? ['--import', 'tsx'] : [];
const schema = { type: 'record', name: 'Reading', fields: [{ name: 'level', type: 'double' }] } as Schema;

/** The embedded registry behind a server that lets in only who shows a certificate of its authority. */
const mutual = async (t: TestContext) => {
  const folder = temporaryFolder(t);
  const authority = makeAuthority(folder);
  const caFile = authority.certFile;
  const registry = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  t.after(() => registry.close());
  const { address: url, seen } = await httpsBefore(t, registry.address!, {
    ...pem(makeCertificate(folder, 'registry', authority)),
    ...{ ca: readFileSync(caFile), requestCert: true, rejectUnauthorized: true },
  });
  return { folder, caFile, url, seen, own: makeCertificate(folder, 'lifecycle', authority) };
};

test('connectRegistry trusts the authority that it is told of, and shows its certificate', async (t) => {
  const { folder, caFile, url, seen, own } = await mutual(t);
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

test('the host agent asks a registry for its schema by the same files, and as the same user', async (t) => {
  const { folder, caFile, own, url, seen } = await mutual(t);
  const file = join(folder, 'ebbtide.yaml');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'of the file\n');
  const section = { url, caFile, ...own, username: 'agent', password: 'of the environment', passwordFile };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a secret is written in the configuration
  const written = { ...section, password: '${ENV:REGISTRY_PASSWORD}' };
  writeFileSync(file, JSON.stringify({ kafka: { brokers: '127.0.0.1:1' }, schemaRegistry: written }));
  const prepare = fileURLToPath(new URL(`../../../infra/agents/host/prepare${extension}`, import.meta.url));
  const child = spawn(process.execPath, [...loader, prepare, 'schema-id', file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, REGISTRY_PASSWORD: section.password },
  });
  child.stdin.end(JSON.stringify(schema));
  const [answer] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.deepEqual(await connectRegistry(section).byId(Number(answer)), schema);
  const login = `Basic ${Buffer.from('agent:of the file').toString('base64')}`;
  assert.deepEqual([...new Set(seen.map(({ headers }) => headers.authorization))], [login]);
});

test('a certificate for the registry goes with its key, by TLS alone', () => {
  const [certFile, keyFile] = ['/own.pem', '/own.key'];
  const issues = (section: object) => schemaRegistryConfig.safeParse(section).error?.issues.map(({ path }) => path[0]);
  assert.equal(issues({ url: 'https://registry:8081', certFile, keyFile }), undefined);
  assert.deepEqual(issues({ url: 'https://registry:8081', keyFile }), ['keyFile']);
  assert.deepEqual(issues({ url: 'http://registry:8081', certFile, keyFile }), ['certFile']);
});
