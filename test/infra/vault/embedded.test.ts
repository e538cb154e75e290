import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startOpenBao } from '../../../infra/vault/embedded.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { openBao, sealableOpenBao } from '../../services/openbao.ts';
import { serverOfOtherProcess, untilGone } from '../../services/other-process.ts';
import { freePort } from '../../services/ports.ts';
import { requireOrSkip } from '../../services/require.ts';

const ask = (address: string, token: string, path: string, body?: unknown) =>
  fetch(`${address}/v1/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'X-Vault-Token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const start = async (t: TestContext, options: Parameters<typeof startOpenBao>[0]) => {
  const server = await startOpenBao(options);
  t.after(() => server.stop());
  return server;
};

test('startOpenBao keeps tokens over a restart on another port', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const folder = temporaryFolder(t);
  const first = await start(t, { folder });
  const created = await ask(first.address, first.rootToken, 'auth/token/create-orphan', { ttl: '1h' });
  const { auth } = (await created.json()) as { auth: { client_token: string } };
  await first.stop();
  await assert.rejects(fetch(`${first.address}/v1/sys/health`));

  const second = await start(t, { folder, port: await freePort() });
  assert.equal(second.rootToken, first.rootToken);
  const lookup = await ask(second.address, auth.client_token, 'auth/token/lookup-self');
  assert.equal(lookup.status, 200);
});

test('startOpenBao hides its keys from other users and from the process list', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const folder = temporaryFolder(t);
  const persisted = await start(t, { folder, audit: true });
  const modes = readdirSync(folder)
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [name, statSync(join(folder, name)).mode & 0o077]);
  assert.deepEqual(
    modes.filter(([, others]) => others !== 0),
    [],
  );
  assert.ok(modes.some(([name]) => name === 'audit.log'));

  const devFolder = temporaryFolder(t);
  const dev = await start(t, { folder: devFolder, dev: true });
  assert.ok(!readFileSync(join(devFolder, 'openbao.log'), 'utf8').includes(dev.rootToken));
  if (process.platform !== 'linux') return;
  for (const { pid, rootToken } of [persisted, dev]) {
    assert.ok(!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(rootToken));
  }
});

test('startOpenBao refuses a taken port, a held folder, a missing binary and lost keys, each in clear words', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  t.after(() => blocker.close());
  const { port } = blocker.address() as { port: number };
  await assert.rejects(startOpenBao({ folder: temporaryFolder(t), port }), {
    code: 'VAULT_UNAVAILABLE',
    message: new RegExp(`127\\.0\\.0\\.1:${port}, the port is taken`),
  });

  const folder = temporaryFolder(t);
  const server = await start(t, { folder });
  await assert.rejects(startOpenBao({ folder }), {
    code: 'VAULT_UNAVAILABLE',
    message: new RegExp(`process ${server.pid} holds it`),
  });
  await server.stop();

  rmSync(join(folder, 'keys.json'));
  await assert.rejects(startOpenBao({ folder }), { code: 'VAULT_SEALED', message: /keys\.json is missing/ });

  process.env.EBBTIDE_BAO = '/nowhere/bao';
  t.after(() => delete process.env.EBBTIDE_BAO);
  await assert.rejects(startOpenBao({ folder }), { code: 'SERVICE_MISSING', message: /\/nowhere\/bao/ });
});

test('startOpenBao tells the last words of a server that does not start', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  process.env.EBBTIDE_BAO = '/bin/ls';
  t.after(() => delete process.env.EBBTIDE_BAO);
  await assert.rejects(startOpenBao({ folder: temporaryFolder(t) }), {
    code: 'VAULT_UNAVAILABLE',
    message: /ended while starting; its log ends with:\n.*ls: /s,
  });
});

test('an embedded OpenBao ends, and can be started again, when its parent is killed', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const folder = temporaryFolder(t);
  const { parent, pid, url } = await serverOfOtherProcess(t, 'openbao', folder);
  assert.equal((await fetch(`${url}/v1/sys/health`)).status, 200);
  parent.kill('SIGKILL');
  await untilGone(pid);
  const again = await start(t, { folder, port: Number(new URL(url).port) });
  assert.equal((await fetch(`${again.address}/v1/sys/health`)).status, 200);
});

test('sealableOpenBao answers 503 while sealed, refuses while stopped, and serves the same tokens afterwards', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const bao = await sealableOpenBao(t);
  const status = async () => (await ask(bao.address, bao.rootToken, 'auth/token/lookup-self')).status;
  assert.equal(await status(), 200);
  await bao.seal();
  assert.equal(await status(), 503);
  await bao.unseal();
  assert.equal(await status(), 200);
  await bao.stop();
  await assert.rejects(status());
  await bao.start();
  assert.equal(await status(), 200);
  await bao.freeze();
  const hung = fetch(`${bao.address}/v1/sys/health`, { signal: AbortSignal.timeout(300) });
  await assert.rejects(hung, { name: 'TimeoutError' });
  bao.thaw();
  assert.equal(await status(), 200);
});

test('openBao gives each caller a server of its own', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const [one, other] = await Promise.all([openBao(t), openBao(t)]);
  assert.notEqual(one.address, other.address);
  assert.equal((await ask(other.address, one.rootToken, 'auth/token/lookup-self')).status, 403);
});
