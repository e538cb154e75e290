import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openArchive } from '../../../infra/clickhouse/client.ts';
import { clickhouseConfig } from '../../../infra/clickhouse/config.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { temporaryFolder } from '../../services/folder.ts';

/** A server by HTTPS before one by HTTP, with a certificate that it signs itself. */
const encrypted = async (t: TestContext, url: string): Promise<{ url: string; caFile: string }> => {
  const folder = temporaryFolder(t);
  const [key, caFile] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const name = ['-subj', '/CN=clickhouse', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...name, '-keyout', key, '-out', caFile], { stdio: 'ignore' });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(caFile) }, (incoming, outgoing) => {
    const { method, headers } = incoming;
    // A connection each: the server closes idle ones, and one that is closing must not be taken
    const passed = request(new URL(incoming.url ?? '/', url), { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, caFile };
};

test('the archive trusts the authority that it is told of, and no unknown one', async (t) => {
  const { url, caFile } = await encrypted(t, (await clickHouse(t)).url);
  const open = (more: object) => {
    const archive = openArchive(clickhouseConfig.parse({ url, database: 'sealed', ...more }));
    t.after(() => archive.close());
    return archive;
  };
  const trusting = open({ caFile });
  await trusting.prepare();
  await trusting.ping();
  await assert.rejects(open({}).ping(), /certificate/);
  assert.throws(() => open({ caFile: '/nowhere/ca.pem' }), {
    code: 'CONFIG_INVALID',
    message: /clickhouse\.caFile names \/nowhere/,
  });
});
