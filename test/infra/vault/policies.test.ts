import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Actuator } from '../../../infra/vault/actuator.ts';
import { demoSecretPath, shippedPolicy } from '../../../infra/vault/bootstrap.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { actOnEntity } from '../../../infra/vault/entity.ts';
import { Register } from '../../../infra/vault/register.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { openBao } from '../../services/openbao.ts';
import { issueToken, keptLog, opens, prepareVault } from './rig.ts';

const forbidden = (error: unknown) => isEbbtideError(error, 'VAULT_FORBIDDEN');

test('actuator.hcl must be enough for the actuator, and nothing in it superfluous', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const connect = async () => {
    const client = await VaultClient.connect(vault.configs.actuator, { service: 'test', log: keptLog().log });
    t.after(() => client.close());
    return client;
  };
  const text = await shippedPolicy('actuator.hcl');
  const without = async (path: string) => {
    const cut = text.replace(new RegExp(`path "${path.replace(/[*/.]/g, '\\$&')}" \\{[\\s\\S]*?\\n\\}\\n`), '');
    assert.notEqual(cut, text, `${path} is not in the policy`);
    await vault.root.write('sys/policies/acl/ebbtide-actuator', { policy: cut });
  };
  const restore = () => vault.root.write('sys/policies/acl/ebbtide-actuator', { policy: text });
  await vault.root.write('sys/mounts/pki', { type: 'pki', config: { max_lease_ttl: '87600h' } });
  await vault.root.write('pki/root/generate/internal', {
    common_name: 'test',
    ttl: '8760h',
    key_type: 'ec',
    key_bits: 256,
  });
  await vault.root.write('pki/roles/short', {
    ttl: '1h',
    key_type: 'ec',
    key_bits: 256,
    allow_any_name: true,
    enforce_hostnames: false,
    generate_lease: true,
  });
  const certificate = () => vault.root.write<{ serial_number: string }>('pki/issue/short', { common_name: 'a.svc' });

  const client = await connect();
  const actuator = new Actuator(client);
  const fresh = async () => (await issueToken(vault)).credential;
  const lease = async () => {
    const { lease_id: reference } = await certificate();
    return { ...(await fresh()), kind: 'lease' as const, reference };
  };
  const serial = async () => ({
    ...(await fresh()),
    kind: 'certificate' as const,
    mount: 'pki',
    reference: (await certificate()).data.serial_number,
  });
  const now = () => ({ ttlMs: 60_000, writtenAt: Date.now() });
  const register = new Register();
  const entityId = (await fresh()).entityId!;
  const entity = async (action: 'disable' | 'enable' | 'deny' | 'allow') =>
    actOnEntity({ vault: client, actuator, register }, { entityId, action });

  const actions: Record<string, () => Promise<unknown>> = {
    'auth/token/lookup-accessor': async () => actuator.lookup(await fresh(), { retry: false }),
    'auth/token/renew-accessor': async () => actuator.apply(await fresh(), { action: 'shorten', ...now() }),
    'auth/token/revoke-accessor': async () => actuator.apply(await fresh(), { action: 'revoke', ...now() }),
    'sys/leases/lookup': async () => actuator.lookup(await lease()),
    'sys/leases/revoke': async () => actuator.apply(await lease(), { action: 'revoke', ...now() }),
    'pki/cert/*': async () => actuator.kindOf(await serial())!.revoke((await serial()).reference),
    'pki/revoke': async () => actuator.apply(await serial(), { action: 'revoke', ...now() }),
    'identity/entity/id/*': async () => {
      for (const action of ['disable', 'enable', 'deny', 'allow'] as const) await entity(action);
    },
    'auth/token/renew-self': () => client.write('auth/token/renew-self', {}),
    'auth/token/lookup-self': async () => assert.equal((await client.health()).ready, true),
  };
  for (const [path, action] of Object.entries(actions))
    await t.test(`does ${path}, and not without it`, async () => {
      await action();
      // Certificates can be looked up by anybody
      if (path === 'pki/cert/*') return;
      await without(path);
      try {
        await assert.rejects(
          async () => action(),
          (error) => forbidden(error) || path === 'auth/token/lookup-self',
        );
      } finally {
        await restore();
      }
    });

  await t.test(
    'sees what a holder could undo, and falls back to the name of the policy where it may not ask',
    async () => {
      for (const cut of [false, true]) {
        if (cut) await without('sys/capabilities-accessor');
        const { credential } = await issueToken(vault, { role: '', body: { policies: ['default'] } });
        const done = await actuator.apply(credential, { action: 'shorten', ...now() });
        assert.equal(done.outcome, 'advisory');
        assert.match(done.detail, cut ? /the default policy/ : /its policies let it use/);
      }
      await restore();
    },
  );

  await t.test('renews leases', async () => {
    await client
      .write('sys/leases/renew', { lease_id: (await lease()).reference, increment: 60 })
      .catch((error: unknown) => {
        assert.equal(forbidden(error), false, 'a certificate lease is not renewable, but the path must be allowed');
      });
  });

  await t.test('can neither read secrets, nor issue tokens, nor give rights', async () => {
    for (const attempt of [
      () => client.read(demoSecretPath),
      () => client.write('auth/token/create', {}),
      () => client.write('auth/token/create/ebbtide-functions', {}),
      () => client.list('auth/token/accessors'),
      () => client.write('sys/policies/acl/mine', { policy: '' }),
      () => client.write('sys/leases/revoke-prefix/pki', {}),
    ])
      await assert.rejects(attempt, forbidden);
    await assert.rejects(
      client.write(`identity/entity/id/${entityId}`, { policies: ['ebbtide-token-service'] }),
      forbidden,
    );
    await assert.rejects(client.write(`identity/entity/id/${entityId}`, { metadata: { a: 'b' } }), forbidden);
  });
});

test('token-service.hcl must not let the token service read secrets or issue outside its roles', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const client = await VaultClient.connect(vault.configs.tokenService, { service: 'test', log: keptLog().log });
  t.after(() => client.close());
  for (const attempt of [
    () => client.read(demoSecretPath),
    () => client.write('auth/token/create', {}),
    () => client.write('auth/token/create-orphan', {}),
    () => client.read('database/creds/ebbtide-function'),
  ])
    await assert.rejects(attempt, forbidden);
  await assert.rejects(client.write('auth/token/create/ebbtide-functions', { policies: ['root'] }));
});

test('console.hcl must let the console disable and deny an entity, and do nothing else', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const client = await VaultClient.connect(vault.configs.console, { service: 'test', log: keptLog().log });
  t.after(() => client.close());
  const parts = { vault: client, actuator: new Actuator(client), register: new Register() };
  const { token, credential } = await issueToken(vault);
  const entityId = credential.entityId!;
  for (const [narrow, widen] of [
    ['disable', 'enable'],
    ['deny', 'allow'],
  ] as const) {
    await actOnEntity(parts, { entityId, action: narrow });
    assert.equal(await opens(vault, token), false, narrow);
    await actOnEntity(parts, { entityId, action: widen });
    assert.equal(await opens(vault, token), true, widen);
  }
  await vault.root.write(`identity/entity/id/${entityId}`, { policies: ['its-own'] });
  for (const action of ['disable', 'enable', 'allow'] as const) await actOnEntity(parts, { entityId, action });
  await assert.rejects(actOnEntity(parts, { entityId, action: 'deny' }), {
    code: 'VAULT_FORBIDDEN',
    message: /has policies of its own \(its-own\), .* ebbtide-function-deny: use disable/,
  });
  await vault.root.write(`identity/entity/id/${entityId}`, { policies: ['its-own', 'ebbtide-function-deny'] });
  await actOnEntity(parts, { entityId, action: 'deny' });
  await assert.rejects(actOnEntity(parts, { entityId, action: 'allow' }), {
    code: 'VAULT_FORBIDDEN',
    message: /an administrator of Vault takes ebbtide-function-deny off the entity/,
  });
  await vault.root.write(`identity/entity/id/${entityId}`, { policies: [] });
  for (const [path, body] of [
    ['auth/token/revoke-accessor', { accessor: credential.reference }],
    ['auth/token/renew-accessor', { accessor: credential.reference }],
    ['auth/token/create', {}],
    ['sys/leases/revoke', { lease_id: 'x' }],
    [`identity/entity/id/${entityId}`, { policies: ['root'] }],
    [`identity/entity/id/${entityId}`, { metadata: { role: 'admin' } }],
  ] as const)
    await assert.rejects(client.write(path, body, { retry: false }), forbidden, path);
  await assert.rejects(client.read(demoSecretPath), forbidden);
});

test('actOnEntity must disable, deny and revoke all credentials of an entity at once', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const client = await VaultClient.connect(vault.configs.actuator, { service: 'test', log: keptLog().log });
  t.after(() => client.close());
  const register = new Register();
  const parts = { vault: client, actuator: new Actuator(client), register };
  const issued = await Promise.all([1, 2, 3].map(() => issueToken(vault)));
  const other = await issueToken(vault, { body: { entity_alias: 'billing' } });
  for (const { credential } of [...issued, other]) register.apply(credential.credentialId, credential);
  const entityId = issued[0]!.credential.entityId!;
  const open = () => Promise.all(issued.map(({ token }) => opens(vault, token)));
  for (const [narrow, widen] of [
    ['disable', 'enable'],
    ['deny', 'allow'],
  ] as const) {
    await actOnEntity(parts, { entityId, action: narrow });
    assert.deepEqual(await open(), [false, false, false], narrow);
    assert.equal(await opens(vault, other.token), true);
    await actOnEntity(parts, { entityId, action: widen });
    assert.deepEqual(await open(), [true, true, true], widen);
  }
  const result = await actOnEntity(parts, { entityId, action: 'revoke' });
  assert.deepEqual([result.credentials, result.revoked.length, result.failed.length], [3, 3, 0]);
  assert.deepEqual(await open(), [false, false, false]);
  assert.equal(await opens(vault, other.token), true);
  await assert.rejects(actOnEntity(parts, { entityId: '../../sys/seal', action: 'disable' }), (error) =>
    isEbbtideError(error, 'REQUEST_INVALID'),
  );
  await assert.rejects(actOnEntity(parts, { entityId: 'nobody', action: 'disable' }), (error) =>
    isEbbtideError(error, 'NOT_FOUND'),
  );
});
