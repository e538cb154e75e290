import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openArchive } from '../../../infra/clickhouse/client.ts';
import { clickhouseConfig } from '../../../infra/clickhouse/config.ts';
import { makeAuthority, makeCertificate } from '../../services/certificates.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { until } from '../../services/context.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { httpsBefore, pem } from '../../services/https.ts';

/** The engine, which speaks HTTP, behind a server by HTTPS. */
const encrypted = async (t: TestContext, tls: ServerOptions) => {
  const { url } = await clickHouse(t);
  const logins = ['x-clickhouse-user', 'x-clickhouse-ssl-certificate-auth', 'authorization'];
  const { address, ...before } = await httpsBefore(t, url, tls, logins);
  const open = (more: object) => {
    const archive = openArchive(clickhouseConfig.parse({ url: address, database: 'sealed', ...more }));
    t.after(() => archive.close());
    return archive;
  };
  return { ...before, open };
};

test('the archive trusts the authority that it is told of, and no unknown one', async (t) => {
  const folder = temporaryFolder(t);
  const authority = makeAuthority(folder);
  const { open } = await encrypted(t, pem(makeCertificate(folder, 'clickhouse', authority)));
  const trusting = open({ caFile: authority.certFile });
  await trusting.prepare();
  await trusting.ping();
  await assert.rejects(open({}).ping(), /certificate/);
  assert.throws(() => open({ caFile: '/nowhere/ca.pem' }), {
    code: 'CONFIG_INVALID',
    message: /clickhouse\.caFile names \/nowhere/,
  });
});

test('the archive shows its certificate to a server that lets nobody else in, and the new one once it is replaced', async (t) => {
  const folder = temporaryFolder(t);
  const authority = makeAuthority(folder);
  const caFile = authority.certFile;
  const { server, seen, open } = await encrypted(t, {
    ...pem(makeCertificate(folder, 'clickhouse', authority)),
    ...{ ca: readFileSync(caFile), requestCert: true, rejectUnauthorized: true },
  });
  const own = makeCertificate(folder, 'archive', authority);
  const archive = open({ caFile, ...own });
  await archive.prepare();
  await archive.ping();
  assert.deepEqual([...new Set(seen.map(({ name }) => name))], ['archive']);
  // Without a password the certificate says who comes; ClickHouse takes one or the other
  assert.deepEqual(
    [seen[0]!.headers['x-clickhouse-user'], seen[0]!.headers['x-clickhouse-ssl-certificate-auth']],
    ['default', 'on'],
  );
  assert.equal(seen[0]!.headers.authorization, undefined);

  const next = makeCertificate(folder, 'archive-next', authority);
  copyFileSync(next.certFile, own.certFile);
  // Its key is not there yet: to prepare opens connections of its own
  await archive.prepare();
  copyFileSync(next.keyFile, own.keyFile);
  server.closeAllConnections();
  // A connection that the server has closed is taken until the client hears of it
  await until('an answer over a new connection', () =>
    archive.ping().then(
      () => true,
      () => false,
    ),
  );
  assert.equal(seen.at(-1)!.name, 'archive-next');

  const withPassword = open({ caFile, ...own, password: 'p' });
  await withPassword.ping();
  assert.match(seen.at(-1)!.headers.authorization ?? '', /^Basic /);
  assert.equal(seen.at(-1)!.headers['x-clickhouse-ssl-certificate-auth'], undefined);

  await assert.rejects(open({ caFile }).ping(), { code: 'CLICKHOUSE_UNAVAILABLE' });
  const stranger = makeCertificate(folder, 'stranger', makeAuthority(folder, 'elsewhere'));
  await assert.rejects(open({ caFile, ...stranger }).ping(), { code: 'CLICKHOUSE_UNAVAILABLE' });
});

test('a client certificate that cannot be used is refused by the name of its key', (t) => {
  const folder = temporaryFolder(t);
  const authority = makeAuthority(folder);
  const [one, other] = ['one', 'other'].map((name) => makeCertificate(folder, name, authority));
  const open = (more: object) =>
    openArchive(clickhouseConfig.parse({ url: 'https://127.0.0.1:8443', ...one, ...more }));
  for (const [more, message] of [
    [{ keyFile: other!.keyFile }, /clickhouse\.keyFile names .*other\.key, which is not the key of .*one\.pem/],
    [{ certFile: one!.keyFile }, /clickhouse\.certFile names .*one\.key, which holds no certificate/],
    [{ keyFile: join(folder, 'gone.key') }, /clickhouse\.keyFile names .*gone\.key, which cannot be read/],
  ] as const)
    assert.throws(() => open(more), { code: 'CONFIG_INVALID', message });
  const { error } = clickhouseConfig.safeParse({ certFile: one!.certFile });
  assert.deepEqual(error?.issues[0]?.path, ['certFile']);
});
