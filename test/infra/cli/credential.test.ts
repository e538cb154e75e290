import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensureIdentity, readIdentity } from '../../../infra/cli/identity-file.ts';
import { generateIdentity, seal } from '../../../infra/provision/sealing.ts';
import { freePort } from '../../../infra/setup/guarded.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from './ebbtide.ts';

/** Something that answers every request as a delivery service would. */
const answering = async (t: TestContext, status: number, body: () => object): Promise<string> => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test('ensureIdentity must make one that only its owner reads, once', async (t) => {
  const path = join(temporaryFolder(t), 'deep', 'identity.txt');
  const made = await ensureIdentity(path);
  assert.match(made.recipient, /^age1/);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(await ensureIdentity(path), made);
  assert.match(
    readFileSync(path, 'utf8'),
    new RegExp(`^# public key: ${made.recipient}\nAGE-SECRET-KEY-1[0-9A-Z]{58}\n$`),
  );
  chmodSync(path, 0o640);
  await assert.rejects(readIdentity(path), /may be read by others; run chmod 600/);
  writeFileSync(path, 'nothing', { mode: 0o600 });
  chmodSync(path, 0o600);
  await assert.rejects(readIdentity(path), /holds no age identity/);
});

test('credential get must refuse what is not for it, say why, and write nothing', async (t) => {
  const home = temporaryFolder(t);
  const identity = join(home, 'identity.txt');
  const { recipient } = await ensureIdentity(identity);
  const out = join(home, 'out');
  let sealed = '';
  const server = await answering(t, 200, () => ({ sealed, served: 'generated' }));
  const environment = { HOME: home, VAULT_TOKEN: 'a-token', EBBTIDE_DATA: join(home, 'data') };
  const get = (...options: string[]) =>
    ebbtide(['credential', 'get', 'web-1', '--identity', identity, '--out', out, ...options], environment);
  const content = (vm: string) =>
    JSON.stringify({ user: 'alice', vm, method: 'password', expiresAt: '', credential: { password: 'x' } });

  sealed = await seal(content('web-1'), (await generateIdentity()).recipient);
  const foreign = await get('--server', server);
  assert.equal(foreign.status, 1);
  assert.match(foreign.stderr, /does not open what was sealed/);

  sealed = await seal(content('web-2'), recipient);
  const other = await get('--server', server);
  assert.match(other.stderr, /is for web-2 and not for web-1/);
  assert.throws(() => statSync(out));

  sealed = await seal(content('web-1'), recipient);
  const good = await get('--server', server);
  assert.equal(good.status, 0, good.stderr);
  assert.deepEqual(JSON.parse(readFileSync(join(out, 'web-1.json'), 'utf8')), { password: 'x' });
  assert.equal(statSync(join(out, 'web-1.json')).mode & 0o777, 0o600);

  const refusal = { detail: 'Not now', code: 'risk-too-high', correlationId: 'c-1' };
  const refused = await get('--server', await answering(t, 403, () => refusal));
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /Not now \(risk-too-high, c-1\)/);

  const page = await get('--server', await answering(t, 502, () => ({})));
  assert.match(page.stderr, /The delivery service answered 502/);
  const nowhere = await get('--server', `http://127.0.0.1:${await freePort()}`);
  assert.equal(nowhere.status, 3);
  assert.match(nowhere.stderr, /does not answer: ECONNREFUSED/);
  const nobody = await ebbtide(['credential', 'get', 'web-1', '--identity', identity], {
    ...environment,
    VAULT_TOKEN: undefined,
    BAO_TOKEN: undefined,
  });
  assert.equal(nobody.status, 2);
  assert.match(nobody.stderr, /no Vault token of yours/);
});
