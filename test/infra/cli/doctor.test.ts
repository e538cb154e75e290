import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { lookAtServers } from '../../../infra/cli/doctor/servers.ts';
import { parseConfig } from '../../../infra/config/load.ts';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { makeAuthority, makeCertificate } from '../../services/certificates.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { httpsBefore, pem } from '../../services/https.ts';
import { mutualTlsOpenBao } from '../../services/openbao.ts';
import { requireOrSkip } from '../../services/require.ts';

process.env.EBBTIDE_LOG ??= 'silent';

test('doctor shows servers the certificates that the configuration names, and tells which server wants another', async (t) => {
  if (!(await requireOrSkip(t, 'openbao', 'clickhouse'))) return;
  const folder = temporaryFolder(t);
  const authority = makeAuthority(folder);
  const caFile = authority.certFile;
  const own = makeCertificate(folder, 'doctor', authority);
  const mutual = { ca: readFileSync(caFile), requestCert: true, rejectUnauthorized: true };
  const server = (name: string) => ({ ...pem(makeCertificate(folder, name, authority)), ...mutual });

  const bao = await mutualTlsOpenBao(t, authority, makeCertificate(folder, 'openbao', authority));
  const { url } = await clickHouse(t);
  const logins = ['x-clickhouse-user', 'x-clickhouse-ssl-certificate-auth', 'authorization'];
  const clickhouse = await httpsBefore(t, url, server('clickhouse'), logins);
  const embedded = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  t.after(() => embedded.close());
  const registry = await httpsBefore(t, embedded.address!, server('registry'));

  const look = async (files: object) => {
    const config = {
      vault: { address: bao.tlsAddress, ...files },
      clickhouse: { url: clickhouse.address, ...files },
      schemaRegistry: { url: registry.address, ...files },
    };
    const findings = await lookAtServers(parseConfig(JSON.stringify(config)));
    return ['Vault', 'ClickHouse', 'Schema registry'].map((name) => findings.find((one) => one.name === name)!);
  };

  const [vault, archive, schemas] = await look({ caFile, ...own });
  assert.deepEqual(
    [vault!.status, archive!.status, schemas!.status],
    ['ok', 'ok', 'ok'],
    JSON.stringify([vault, archive, schemas]),
  );
  assert.match(vault!.found, /, version \d/);
  assert.match(archive!.found, /, version \d+\.\d+.*, as default$/);
  assert.match(schemas!.found, /, 0 subjects$/);
  assert.deepEqual(
    [...clickhouse.seen, ...registry.seen].map(({ name }) => name),
    ['doctor', 'doctor'],
  );

  const stranger = makeCertificate(folder, 'stranger', makeAuthority(folder, 'elsewhere'));
  for (const files of [{ caFile }, { caFile, ...stranger }])
    for (const { status, name, remedy } of await look(files)) {
      assert.equal(status, 'missing', name);
      assert.match(remedy ?? '', /certificates/, name);
    }
});

test('doctor finds a registry that answers and does not let its user list subjects, and misses one that knows nobody', async (t) => {
  const server = createServer((incoming, outgoing) => {
    outgoing.writeHead(incoming.headers.authorization ? 403 : 401, { 'Content-Type': 'application/json' });
    outgoing.end(JSON.stringify({ error_code: 40301, message: 'Not allowed' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const look = async (login: object) => {
    const findings = await lookAtServers(parseConfig(JSON.stringify({ schemaRegistry: { url, ...login } })));
    return findings.find(({ name }) => name === 'Schema registry')!;
  };
  const passwordFile = join(temporaryFolder(t), 'password');
  writeFileSync(passwordFile, 'secret');
  const { status, found } = await look({ username: 'reader', passwordFile });
  assert.deepEqual([status, found], ['ok', `${url}, answers; reader may not list its subjects`]);
  assert.equal((await look({})).status, 'missing');
});
