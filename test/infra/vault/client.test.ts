import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bootstrapVault } from '../../../infra/vault/bootstrap.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { vaultConfig } from '../../../infra/vault/config.ts';
import { assertNoVaultDebugging } from '../../../infra/vault/debug.ts';
import { type ErrorCode, isEbbtideError } from '../../../schemas/errors.ts';
import { openBao, sealableOpenBao } from '../../services/openbao.ts';
import { issueToken, keptLog, prepareVault, until } from './rig.ts';

const coded = (code: ErrorCode) => (error: unknown) => isEbbtideError(error, code) || assert.fail(String(error));

/** A server between client and Vault, for what Vault cannot be made to do. */
const serve = async (t: TestContext, listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const connect = async (t: TestContext, address: string, token: string, rest: object = {}, kept = keptLog()) => {
  const config = vaultConfig.parse({ address, login: { method: 'token', token }, ...rest });
  const client = await VaultClient.connect(config, {
    service: 'test',
    log: kept.log,
    retry: { retries: 2, backoffMs: 10, maxBackoffMs: 50 },
  });
  t.after(() => client.close());
  return client;
};

test('VaultClient must tell failures apart by code, and never show a secret in them', async (t) => {
  const bao = await openBao(t);
  const vault = await prepareVault(t, bao);
  const { token } = await issueToken(vault);
  const cases: [ErrorCode, () => Promise<unknown>][] = [
    ['VAULT_NOT_FOUND', () => vault.root.read('kv/data/functions/nothing')],
    ['VAULT_NOT_FOUND', () => vault.root.write('auth/token/lookup-accessor', { accessor: 'nothing' })],
    ['VAULT_NOT_FOUND', () => vault.root.write('sys/leases/lookup', { lease_id: 'nothing/at/all' })],
    ['VAULT_REJECTED', () => vault.root.write('auth/token/create', { ttl: 'soon' })],
    ['VAULT_FORBIDDEN', () => vault.root.read('sys/mounts', { token })],
  ];
  for (const [code, attempt] of cases) {
    const error = await attempt().then(
      () => assert.fail('must fail'),
      (failure: unknown) => failure,
    );
    coded(code)(error);
    const all = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).stack);
    for (const secret of [token, bao.rootToken]) assert.equal(all.includes(secret), false);
  }
});

test('VaultClient.connect must refuse a bad token at once, and wait for a Vault that is away', async (t) => {
  const server = await sealableOpenBao(t);
  await assert.rejects(connect(t, server.address, 'not-a-token'), coded('VAULT_FORBIDDEN'));
  await server.stop();
  const client = await connect(t, server.address, server.rootToken);
  await assert.rejects(client.read('sys/mounts'), coded('VAULT_UNAVAILABLE'));
  assert.deepEqual([(await client.health()).ready, (await client.health()).reachable], [false, false]);
  await server.start();
  assert.ok((await client.read('sys/mounts')).data);
  assert.equal((await client.health()).ready, true);
  await server.seal();
  await assert.rejects(client.read('sys/mounts'), coded('VAULT_SEALED'));
  assert.match((await client.health()).detail, /sealed/);
  await server.unseal();
  const before = client.read('sys/mounts');
  assert.ok((await before).data);
});

test('VaultClient must give up on an answer that does not come in time', async (t) => {
  const server = await sealableOpenBao(t);
  const client = await connect(t, server.address, server.rootToken, { timeoutMs: 200 });
  await server.freeze();
  await assert.rejects(
    client.read('sys/mounts', { retry: false }),
    (error) => coded('VAULT_UNAVAILABLE')(error) && /in time/.test(String(error)),
  );
  server.thaw();
  assert.ok((await until('an answer', () => client.read('sys/mounts').catch(() => undefined))).data);
});

test('VaultClient must slow down when Vault limits the rate, as long as Retry-After says', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  await vault.root.write('sys/quotas/config', { enable_rate_limit_response_headers: true });
  await vault.root.write('sys/quotas/rate-limit/test', { path: 'auth/token/lookup-accessor', rate: 1, interval: '3s' });
  const { credential } = await issueToken(vault);
  const lookup = () =>
    vault.root.write('auth/token/lookup-accessor', { accessor: credential.reference }, { retry: false });
  const error = await (async () => {
    for (let n = 0; n < 20; n++) await lookup();
  })().catch((failure: unknown) => failure);
  assert.ok(isEbbtideError(error, 'VAULT_RATE_LIMITED'), String(error));
  assert.ok(Number(error.details.retryAfterMs) >= 1_000, JSON.stringify(error.details));
  assert.equal((await vault.root.write('auth/token/lookup-accessor', { accessor: credential.reference })).status, 200);
});

test('VaultClient must not repeat what may have been done, and repeat what was certainly not', async (t) => {
  let calls = 0;
  let answer = 500;
  const address = await serve(t, (request, response) => {
    if (request.url?.includes('lookup-self')) return response.end('{"data":{"ttl":0}}');
    calls++;
    response.statusCode = answer;
    return response.end('{"errors":[]}');
  });
  const client = await connect(t, address, 'any');
  await assert.rejects(client.write('x', {}, { unrepeatable: true }), coded('VAULT_UNAVAILABLE'));
  assert.equal(calls, 1);
  await assert.rejects(client.write('x', {}), coded('VAULT_UNAVAILABLE'));
  assert.equal(calls, 4);
  calls = 0;
  answer = 503;
  await assert.rejects(client.write('x', {}, { unrepeatable: true }), coded('VAULT_SEALED'));
  assert.equal(calls, 3);
});

test('VaultClient must follow a standby to its leader with method, body and token, and take a lost leader for a passing failure', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const { credential } = await issueToken(vault);
  const standby = await serve(t, (request, response) => {
    if (request.url?.includes('kv')) {
      response.statusCode = 400;
      return response.end('{"errors":["leadership lost while committing log"]}');
    }
    response.writeHead(307, { location: `${vault.address}${request.url}` });
    return response.end();
  });
  const { actuator } = vault.configs;
  const client = await VaultClient.connect({ ...actuator, address: standby }, { service: 'test', log: keptLog().log });
  t.after(() => client.close());
  const found = await client.write<{ accessor: string }>('auth/token/lookup-accessor', {
    accessor: credential.reference,
  });
  assert.equal(found.data.accessor, credential.reference);
  await assert.rejects(client.write('kv/data/x', {}, { retry: false }), coded('VAULT_UNAVAILABLE'));
});

test('VaultClient must take nothing from the environment', async (t) => {
  const seen: Record<string, unknown>[] = [];
  const address = await serve(t, (request, response) => {
    seen.push({ url: request.url, ...request.headers });
    response.end('{"data":{"ttl":0}}');
  });
  const environment = {
    VAULT_TOKEN: 'from-env',
    VAULT_NAMESPACE: 'from-env',
    VAULT_PREFIX: '/from-env',
    HTTP_PROXY: 'http://127.0.0.1:9',
    http_proxy: 'http://127.0.0.1:9',
  };
  const before = { ...process.env };
  Object.assign(process.env, environment);
  t.after(() => {
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, before);
  });
  const client = await connect(t, address, 'given', { namespace: 'team' });
  await client.read('sys/mounts');
  await client.read('sys/health', { token: null });
  assert.deepEqual(
    seen.map((request) => [request.url, request['x-vault-token'], request['x-vault-namespace']]),
    [
      ['/v1/auth/token/lookup-self', 'given', 'team'],
      ['/v1/sys/mounts', 'given', 'team'],
      ['/v1/sys/health', undefined, 'team'],
    ],
  );
});

test('VaultClient must log in anew when its token was revoked, and say so when it cannot', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kept = keptLog();
  const client = await VaultClient.connect(vault.configs.actuator, { service: 'test', log: kept.log });
  t.after(() => client.close());
  const accessorNow = async () => (await client.read<{ accessor: string }>('auth/token/lookup-self')).data.accessor;
  const first = await accessorNow();
  await vault.root.write('auth/token/revoke-accessor', { accessor: first });
  const [second, third] = await Promise.all([accessorNow(), accessorNow()]);
  assert.notEqual(second, first);
  assert.equal(third, second, 'one login for all');
  const { login } = vault.configs.actuator;
  assert.ok(login.method === 'approle');
  const secretId = await readFile(login.secretIdFile, 'utf8');
  await writeFile(login.secretIdFile, 'wrong');
  await vault.root.write('auth/token/revoke-accessor', { accessor: second });
  await assert.rejects(accessorNow(), coded('UNAUTHENTICATED'));
  assert.equal((await client.health()).ready, false);
  await writeFile(login.secretIdFile, secretId);
  assert.ok(await until('another login', () => accessorNow().catch(() => undefined)));
  assert.equal(kept.lines.join('\n').includes(secretId), false);
});

test('VaultClient must keep its token alive by renewing it, and log in anew at its maximum', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  await vault.root.write('auth/approle/role/ebbtide-actuator', {
    token_policies: ['ebbtide-actuator'],
    token_no_default_policy: true,
    token_period: 0,
    token_ttl: '6s',
    token_max_ttl: '10s',
  });
  const client = await VaultClient.connect(vault.configs.actuator, { service: 'test', log: keptLog().log });
  t.after(() => client.close());
  const accessors = new Set<string>();
  await until('two logins, without a moment in which Vault refuses us', async () => {
    const { data } = await client.read<{ accessor: string }>('auth/token/lookup-self', { retry: false });
    accessors.add(data.accessor);
    return accessors.size === 2;
  });
});

test('assertNoVaultDebugging must refuse what would print secrets, and nothing else', () => {
  for (const debug of ['node-vault', '*', 'express,node-*', 'a node-vault'])
    assert.throws(() => assertNoVaultDebugging(debug), coded('CONFIG_INVALID'), debug);
  for (const debug of ['', 'express', '*,-node-vault', 'node-vault-x']) assertNoVaultDebugging(debug);
});

test('bootstrapVault must change nothing when done again, and keep secrets in files of mode 0600', async (t) => {
  const bao = await openBao(t);
  const { folder, configs } = await prepareVault(t, bao);
  const files = ['ebbtide-actuator', 'ebbtide-token-service'].flatMap((name) =>
    [`${name}.role-id`, `${name}.secret-id`].map((file) => join(folder, file)),
  );
  const before = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  assert.deepEqual(await bootstrapVault({ ...bao, folder, log: keptLog().log }), configs);
  assert.deepEqual(await Promise.all(files.map((file) => readFile(file, 'utf8'))), before);
  for (const file of files) assert.equal((await stat(file)).mode & 0o777, 0o600);
});
