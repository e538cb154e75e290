import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../../infra/config/load.ts';
import { Actuator } from '../../../infra/vault/actuator.ts';
import { functionPolicy, functionRole, leaseRole } from '../../../infra/vault/bootstrap.ts';
import type { VaultChange } from '../../../infra/vault/changes.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { vaultConfig } from '../../../infra/vault/config.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { openBao } from '../../services/openbao.ts';
import { ebbtide } from '../cli/ebbtide.ts';
import { issueToken, keptLog, lifeS } from './rig.ts';

const forbidden = (error: unknown) => isEbbtideError(error, 'VAULT_FORBIDDEN');

interface Answer {
  readonly done: boolean;
  readonly changes: readonly VaultChange[];
  readonly vault: Record<string, unknown>;
}

test('ebbtide vault bootstrap says what it will do, does it, and a second time nothing', async (t) => {
  const bao = await openBao(t);
  const folder = temporaryFolder(t);
  const environment = { VAULT_TOKEN: bao.rootToken, VAULT_ADDR: bao.address };
  const bootstrap = async (...args: string[]): Promise<Answer> => {
    const answer = await ebbtide(
      ['--json', 'vault', 'bootstrap', '--folder', join(folder, 'vault'), ...args],
      environment,
    );
    assert.equal(answer.status, 0, answer.stderr);
    return JSON.parse(answer.stdout) as Answer;
  };
  const kinds = ({ changes }: Answer) => new Set(changes.map(({ kind }) => kind));
  const log = keptLog().log;
  const root = await VaultClient.connect(
    vaultConfig.parse({ address: bao.address, login: { method: 'token', token: bao.rootToken } }),
    { service: 'test', log },
  );
  t.after(() => root.close());

  const planned = await bootstrap('--dry-run');
  assert.equal(planned.done, false);
  assert.deepEqual(kinds(planned), new Set(['create']));
  await assert.rejects(root.read('sys/policies/acl/ebbtide-actuator'), (error) =>
    isEbbtideError(error, 'VAULT_NOT_FOUND'),
  );

  const unasked = await ebbtide(['vault', 'bootstrap'], environment);
  assert.match(unasked.stderr, /Nobody can be asked here: add --yes/);
  await assert.rejects(root.read('sys/policies/acl/ebbtide-actuator'), (error) =>
    isEbbtideError(error, 'VAULT_NOT_FOUND'),
  );

  const first = await bootstrap('--yes');
  assert.deepEqual(first.changes, planned.changes);
  assert.equal(statSync(join(folder, 'vault', 'ebbtide-actuator.secret-id')).mode & 0o777, 0o600);
  const secretId = readFileSync(join(folder, 'vault', 'ebbtide-actuator.secret-id'), 'utf8');
  await assert.rejects(root.read('kv/data/functions/demo'), (error) => isEbbtideError(error, 'VAULT_NOT_FOUND'));

  const second = await bootstrap('--yes');
  assert.deepEqual(
    second.changes.filter(({ kind }) => kind !== 'same'),
    [],
  );
  assert.equal(readFileSync(join(folder, 'vault', 'ebbtide-actuator.secret-id'), 'utf8'), secretId);

  await t.test('what was changed by hand is mended, but what functions may do is left alone', async () => {
    await root.write(`auth/token/roles/${leaseRole}`, { renewable: true, allowed_policies: ['ebbtide-lease'] });
    await root.write(`sys/policies/acl/${functionPolicy}`, {
      policy: 'path "kv/data/ours/*" { capabilities = ["read"] }',
    });
    const third = await bootstrap('--yes');
    assert.deepEqual(
      third.changes.filter(({ kind }) => kind !== 'same').map(({ path, kind }) => [path, kind]),
      [[`auth/token/roles/${leaseRole}`, 'change']],
    );
    const { data } = await root.read<{ policy: string }>(`sys/policies/acl/${functionPolicy}`);
    assert.match(data.policy, /kv\/data\/ours/);
  });

  const config = parseConfig(JSON.stringify({ vault: first.vault }));
  const as = async (service: 'actuator' | 'tokenService') => {
    const { address } = config.vault;
    const client = await VaultClient.connect(vaultConfig.parse({ address, login: config.vault[`${service}Login`] }), {
      service,
      log,
    });
    t.after(() => client.close());
    return client;
  };

  await t.test('the roles suffice for the token service and the actuator, and for nothing more', async () => {
    const tokens = await as('tokenService');
    const { auth } = await tokens.write(`auth/token/create/${functionRole}`, { ttl: '600s', entity_alias: 'checkout' });
    assert.deepEqual(auth!.token_policies, [functionPolicy]);
    const prepared = { address: bao.address, root, folder, configs: {} as never };
    const { credential } = await issueToken(prepared);
    const actuator = await as('actuator');
    await new Actuator(actuator).apply(credential, { action: 'shorten', ttlMs: 60_000, writtenAt: Date.now() });
    assert.ok((await lifeS(prepared, credential.reference))! <= 60);
    await new Actuator(actuator).apply(credential, { action: 'revoke', ttlMs: 0, writtenAt: Date.now() });
    assert.equal(await lifeS(prepared, credential.reference), undefined);

    for (const [client, path, body] of [
      [tokens, 'auth/token/create', { policies: ['root'] }],
      [tokens, 'auth/token/create/ebbtide-access-leases', {}],
      [tokens, 'sys/policies/acl/ebbtide-token-service', { policy: '' }],
      [actuator, `auth/token/create/${functionRole}`, {}],
      [actuator, 'auth/approle/role/ebbtide-token-service/secret-id', {}],
      [actuator, 'sys/policies/acl/ebbtide-function', { policy: '' }],
    ] as const)
      await assert.rejects(client.write(path, body), forbidden, path);
    for (const client of [tokens, actuator]) {
      await assert.rejects(client.read('kv/data/functions/anything'), forbidden);
      await assert.rejects(client.list('auth/token/accessors'), forbidden);
    }
  });
});

test('ebbtide vault bootstrap prepares logins by service accounts of Kubernetes', async (t) => {
  const bao = await openBao(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'token'), bao.rootToken);
  const root = await VaultClient.connect(
    vaultConfig.parse({ address: bao.address, login: { method: 'token', token: bao.rootToken } }),
    { service: 'test', log: keptLog().log },
  );
  t.after(() => root.close());
  await root.write('sys/mounts/pki', { type: 'pki' });
  const { data: authority } = await root.write<{ certificate: string }>('pki/root/generate/internal', {
    common_name: 'kubernetes',
    key_type: 'ec',
  });
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
  const answer = await ebbtide([
    ...['--json', 'vault', 'bootstrap', '--address', bao.address, '--token-file', join(folder, 'token'), '--yes'],
    ...['--login', 'kubernetes', '--namespace', 'credentials'],
    ...['--kubernetes-host', 'https://10.0.0.1', '--kubernetes-ca-file', join(folder, 'ca.pem')],
  ]);
  assert.equal(answer.status, 0, answer.stderr);
  const { vault } = JSON.parse(answer.stdout) as Answer;
  assert.deepEqual((vault.actuatorLogin as { method: string; role: string }).role, 'ebbtide-actuator');
  assert.doesNotThrow(() => parseConfig(JSON.stringify({ vault })));
  const { data } = await root.read<Record<string, unknown>>('auth/kubernetes/role/ebbtide-token-service');
  assert.deepEqual(data.bound_service_account_names, ['ebbtide-token-service']);
  assert.deepEqual(data.bound_service_account_namespaces, ['credentials']);
  assert.deepEqual(data.token_policies, ['ebbtide-token-service']);
});

test('ebbtide vault bootstrap refuses what cannot be: no Vault, no token, a mount of another kind', async (t) => {
  const bao = await openBao(t);
  const none = await ebbtide(['vault', 'bootstrap'], { VAULT_TOKEN: 'x' });
  assert.equal(none.status, 2);
  assert.match(none.stderr, /No Vault is named/);
  const tokenless = await ebbtide(['vault', 'bootstrap', '--address', bao.address]);
  assert.equal(tokenless.status, 2);
  assert.match(tokenless.stderr, /No token is given/);
  await fetch(`${bao.address}/v1/sys/mounts/ssh`, {
    method: 'POST',
    headers: { 'X-Vault-Token': bao.rootToken },
    body: JSON.stringify({ type: 'transit' }),
  });
  const taken = await ebbtide(['vault', 'bootstrap', '--address', bao.address, '--dry-run'], {
    VAULT_TOKEN: bao.rootToken,
  });
  assert.equal(taken.status, 1);
  assert.match(taken.stderr, /Mount ssh is of type transit, and Ebbtide needs one of type ssh/);
});
