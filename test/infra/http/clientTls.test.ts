import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { type Agent, createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { clientTlsAgents } from '../../../infra/http/clientTls.ts';
import { type CertificateFiles, makeAuthority, makeCertificate } from '../../services/certificates.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { keptLog } from '../vault/rig.ts';

/** A server that lets certificates of `authority` in, ends each connection after its answer, and answers whose it was. */
const nameServer = async (t: TestContext, authority: CertificateFiles, own: CertificateFiles): Promise<string> => {
  const server = createServer(
    {
      ...{ cert: readFileSync(own.certFile), key: readFileSync(own.keyFile), ca: readFileSync(authority.certFile) },
      ...{ requestCert: true, rejectUnauthorized: true },
    },
    ({ socket }, answer) => {
      answer.setHeader('connection', 'close');
      answer.end(String((socket as TLSSocket).getPeerCertificate().subject.CN));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const nameAt = (url: string, agent: Agent): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get(url, { agent }, async (answer) => resolve(Buffer.concat(await answer.toArray()).toString()));
    request.once('error', reject);
  });

test('connections must go on with the last certificate that fitted its key while both are being replaced', async (t) => {
  const folder = temporaryFolder(t);
  const authority = makeAuthority(folder);
  const url = await nameServer(t, authority, makeCertificate(folder, 'server', authority));
  const [before, after] = ['before', 'after'].map((name) => makeCertificate(folder, name, authority));
  const files = { caFile: authority.certFile, certFile: join(folder, 'live.pem'), keyFile: join(folder, 'live.key') };
  copyFileSync(before!.certFile, files.certFile);
  copyFileSync(before!.keyFile, files.keyFile);
  const { lines, log } = keptLog();
  const agent = clientTlsAgents('vault', files, log)({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  // Two at once: the second waits for the connection of the first, and then gets its own
  const both = () => Promise.all([nameAt(url, agent), nameAt(url, agent)]);
  assert.deepEqual(await both(), ['before', 'before']);

  copyFileSync(after!.certFile, files.certFile);
  assert.deepEqual(await both(), ['before', 'before']);
  writeFileSync(files.keyFile, '');
  assert.deepEqual(await both(), ['before', 'before']);
  const told = () => lines.map((line) => JSON.parse(line) as { level: number; msg: string; err?: { message: string } });
  assert.equal(told().length, 2, 'once for each change');
  assert.match(told()[0]!.err!.message, /vault\.keyFile names .*live\.key, which is not the key of .*live\.pem/);

  copyFileSync(after!.keyFile, files.keyFile);
  assert.deepEqual(await both(), ['after', 'after']);
  assert.deepEqual(
    told().map(({ level }) => level),
    [40, 40, 30],
  );
});
