import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../infra/config/load.ts';
import { prepareVault as prepare, shippedPolicy } from '../../../infra/vault/bootstrap.ts';
import { accessPrincipals } from '../../../infra/vault/bootstrap-provision.ts';
import { VaultChanges } from '../../../infra/vault/changes.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { openBao } from '../../services/openbao.ts';
import { keptLog, prepareVault } from '../vault/rig.ts';

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHCZQZJeLRZ46ANPtJDfyRrO/Uvs67qoOosn3rITEkHA test';
const forbidden = (error: unknown) => isEbbtideError(error, 'VAULT_FORBIDDEN');
/** All that Go's `unicode.IsSpace` takes for white space, which the SSH engine takes off principals. */
const whiteSpace = [
  ...'\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
];

for (const login of ['provision', 'delivery'] as const)
  test(`${login}.hcl must be enough for its service, and nothing in it superfluous`, async (t) => {
    const vault = await prepareVault(t, await openBao(t));
    const policy = `ebbtide-${login}`;
    const text = await shippedPolicy(`${login}.hcl`);
    const client = await VaultClient.connect(vault.configs[login], { service: 'test', log: keptLog().log });
    t.after(() => client.close());
    let number = 0;
    const fresh = () => `alice/vm-${number++}`;
    await vault.root.write('ebbtide-users/data/users/alice', { data: { recipient: 'age1' } });
    const pairs = (path: string, cas = 0) =>
      client.write(`ebbtide-provisions/data/pairs/${path}`, { options: { cas }, data: { state: 'gone' } });
    const actions: Record<string, () => Promise<unknown>> = {
      'auth/token/lookup-self': () => client.read('auth/token/lookup-self'),
      'auth/token/renew-self': () => client.write('auth/token/renew-self', {}),
      'ebbtide-users/data/users/*': async () => {
        await client.read('ebbtide-users/data/users/alice');
        if (login === 'provision') return;
        await client.write('ebbtide-users/data/users/alice', { data: { recipient: 'age1' } });
      },
      'ebbtide-provisions/data/pairs/*': async () => {
        const path = fresh();
        await pairs(path);
        await pairs(path, 1);
        await client.read(`ebbtide-provisions/data/pairs/${path}`);
      },
      'ebbtide-provisions/metadata/pairs/*': async () => {
        await vault.root.write('ebbtide-provisions/data/pairs/alice/listed', { data: {} });
        await client.read('ebbtide-provisions/metadata/pairs/alice/listed');
        await client.list('ebbtide-provisions/metadata/pairs/alice/');
        await client.list('ebbtide-provisions/metadata/pairs/');
      },
      ...(login === 'delivery'
        ? {}
        : {
            'sys/wrapping/wrap': () => client.write('sys/wrapping/wrap', { sealed: 'x' }, { wrapTtlS: 5 }),
          }),
      'ebbtide-provisions/data/verifiers/*': () =>
        client.write(`ebbtide-provisions/data/verifiers/vm/${fresh()}`, { data: { verifier: 'x' } }),
      'ebbtide-provisions/metadata/verifiers/*': async () => {
        const path = `ebbtide-provisions/metadata/verifiers/vm/${fresh()}`;
        await client.write(path, { max_versions: 1 });
        await client.remove(path);
      },
      'ssh/sign/ebbtide-access': () =>
        client.write('ssh/sign/ebbtide-access', { public_key: publicKey, valid_principals: 'alice@vm', ttl: '60s' }),
      'auth/token/create/ebbtide-access-leases': () =>
        client.write('auth/token/create/ebbtide-access-leases', {
          policies: ['ebbtide-access-lease'],
          no_default_policy: true,
          ttl: '60s',
        }),
      'auth/token/revoke-accessor': async () => {
        const { auth } = await vault.root.write('auth/token/create', { ttl: '60s' });
        await client.write('auth/token/revoke-accessor', { accessor: auth?.accessor });
      },
    };
    const named = [...text.matchAll(/^path "([^"]+)"/gm)].map(([, path]) => path);
    assert.deepEqual(named.sort(), Object.keys(actions).sort(), 'every path of the policy is tested');
    for (const [path, action] of Object.entries(actions))
      await t.test(`does ${path}, and not without it`, async () => {
        await action();
        const cut = text.replace(new RegExp(`path "${path.replace(/[*/.]/g, '\\$&')}" \\{[\\s\\S]*?\\n\\}\\n`), '');
        assert.notEqual(cut, text);
        await vault.root.write(`sys/policies/acl/${policy}`, { policy: cut });
        try {
          await assert.rejects(action, (error) => forbidden(error) || path === 'auth/token/lookup-self');
        } finally {
          await vault.root.write(`sys/policies/acl/${policy}`, { policy: text });
        }
      });

    await t.test(
      'can neither read other secrets, nor make tokens or certificates of other roles, nor give rights',
      async () => {
        await vault.root.write('ssh/roles/other', {
          key_type: 'ca',
          allow_user_certificates: true,
          allowed_users: '*',
        });
        for (const attempt of [
          () => client.read('kv/data/functions/demo'),
          () => client.write('auth/token/create', {}),
          () => client.write('auth/token/create/ebbtide-functions', {}),
          () => client.write('ssh/sign/other', { public_key: publicKey }),
          () => client.read('ssh/roles/ebbtide-access'),
          () => client.list('auth/token/accessors'),
          () => client.write('sys/policies/acl/mine', { policy: '' }),
          () => client.read('ebbtide-provisions/data/verifiers/vm/alice/1'),
          () => client.remove('ebbtide-provisions/metadata/pairs/alice/listed'),
          () => client.read('cubbyhole/response'),
          ...(login === 'delivery' ? [() => client.write('sys/wrapping/wrap', { sealed: 'x' }, { wrapTtlS: 5 })] : []),
          ...(login === 'provision'
            ? [() => client.write('ebbtide-users/data/users/alice', { data: { recipient: 'age1' } })]
            : []),
        ])
          await assert.rejects(attempt, forbidden, String(attempt));
      },
    );
  });

test('certificates of users must be for those whom the targets name, one at a time and never root', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const client = await VaultClient.connect(vault.configs.provision, { service: 'test', log: keptLog().log });
  t.after(() => client.close());
  const sign = (body: object) =>
    client.write<{ signed_key: string }>('ssh/sign/ebbtide-access', {
      public_key: publicKey,
      cert_type: 'user',
      ttl: '60s',
      ...body,
    });
  const signs = async (...names: string[]) => {
    for (const name of names)
      assert.match((await sign({ valid_principals: name })).data.signed_key, /^ssh-ed25519-cert/);
  };
  const refuses = async (...bodies: object[]) => {
    for (const body of bodies) await assert.rejects(sign(body), forbidden, JSON.stringify(body));
  };
  const allBut = [
    { valid_principals: 'root' },
    { valid_principals: 'root@web-1' },
    { valid_principals: '*' },
    { valid_principals: '' },
    ...whiteSpace
      .flatMap((one) => [`${one}root@web-1`, `${one}root`, `root${one}`, `alice@web-1${one}`, one])
      .map((name) => ({ valid_principals: name })),
    { valid_principals: [' root@web-1'] },
    { valid_principals: 'alice@web-1,root' },
    { valid_principals: 'alice@web-1, root@web-1' },
    { valid_principals: ['alice@web-1', 'root'] },
    {},
    { valid_principals: 'alice@web-1', cert_type: 'host' },
    { valid_principals: 'alice@web-1', key_id: 'somebody else' },
    { valid_principals: 'alice@web-1', extensions: { 'permit-port-forwarding': '' } },
    { valid_principals: 'alice@web-1', critical_options: { 'force-command': 'true' } },
  ];
  await signs('alice@web-1', 'bob@db-1');
  await refuses(...allBut, { valid_principals: 'alice' });

  const of = (targets: object) =>
    accessPrincipals(parseConfig(JSON.stringify({ provision: { targets } })).provision.targets);
  const ssh = { method: 'sshCertificate' };
  const bootstrapped = async (targets: object) => {
    const changes = new VaultChanges(vault.root);
    await prepare(changes, { logins: { method: 'approle', folder: vault.folder }, principals: of(targets) });
    return changes.changes.filter(({ kind }) => kind !== 'same').map(({ path }) => path);
  };
  const changed = ['sys/policies/acl/ebbtide-provision', 'sys/policies/acl/ebbtide-delivery'];
  const byPattern = {
    'web-*': { ...ssh, users: ['alice'] },
    jump: { ...ssh, users: ['*-ops'] },
    '*': { method: 'password' },
  };
  assert.deepEqual(of(byPattern), ['*-ops@jump', 'alice@web-*']);
  assert.deepEqual(await bootstrapped(byPattern), changed);
  await signs('alice@web-1', 'alice@web-2', 'bob-ops@jump');
  await refuses(
    ...allBut,
    { valid_principals: 'bob@web-1' },
    { valid_principals: 'alice@db-1' },
    { valid_principals: 'root,bob-ops@jump' },
  );

  // Names without patterns are in the role, too: not even an administrator signs for others by it
  const byName = { 'web-1': { ...ssh, users: ['alice', 'bob'] } };
  assert.deepEqual(await bootstrapped(byName), [...changed, 'ssh/roles/ebbtide-access']);
  await signs('alice@web-1', 'bob@web-1');
  await refuses(...allBut, { valid_principals: 'alice@web-2' });
  await assert.rejects(
    vault.root.write('ssh/sign/ebbtide-access', { public_key: publicKey, valid_principals: 'alice@web-2' }),
    (error) => isEbbtideError(error, 'VAULT_REJECTED'),
  );
  assert.deepEqual(await bootstrapped(byName), []);

  // Policies take "*" alone for itself
  const anybody = { '*': { ...ssh, principals: ['{user}'] } };
  assert.deepEqual(of(anybody), ['**']);
  await bootstrapped(anybody);
  await signs('alice', 'broot', 'alice@web-1');
  await refuses(...allBut.filter(({ valid_principals: name }) => name !== '*'));

  // Policies know "*" at begin and end alone: what has more becomes wider, by as little as can be
  const widened = { 'web-*': { ...ssh, users: ['ops-*', 'eve'] }, 'db-*-eu': { ...ssh, users: ['eve', '*'] } };
  assert.deepEqual(of(widened), ['*@db-*', '*@web-*', 'eve@db-*', 'eve@web-*']);
  const several = { principals: ['{user}', '{user}@{vm}'] };
  assert.throws(() => of({ '*': { ...ssh, ...several } }), /must be one with role ebbtide-access/);
  assert.deepEqual(of({ '*': { ...ssh, ...several, role: 'mine' } }), ['*@*']);
  assert.deepEqual(of({ '*': { ...ssh, ...several, mount: 'mine' } }), ['*@*']);
});

test('targets whose certificates could never be signed must be refused', () => {
  const of = (target: object) => () =>
    parseConfig(JSON.stringify({ provision: { targets: { '*': { method: 'sshCertificate', ...target } } } }));
  for (const principals of [['{user}@{vm},root'], [' {user}'], ['{user} '], ['\t']])
    assert.throws(of({ principals }), /principals.* must be without a comma, and without blanks at its ends/);
  for (const more of [
    { users: ['alice', 'root'] },
    { users: ['root'], principals: ['{user}'] },
    { principals: ['root'] },
  ])
    assert.throws(of(more), /users.* are root, for whom role ebbtide-access never signs: name a role of your own/);
  for (const more of [
    { users: ['rooter'] },
    { users: ['root'], role: 'mine' },
    { users: ['root'], principals: ['ops'] },
  ])
    assert.doesNotThrow(of(more));
});

test('keys that the key host has signed must be for one pseudonym and never for root', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const client = await VaultClient.connect(vault.configs.keyhost, { service: 'test', log: keptLog().log });
  t.after(() => client.close());
  const sign = (name: unknown) =>
    client.write<{ signed_key: string }>('ssh-keys/sign/ebbtide-user-key', {
      ...{ public_key: publicKey, cert_type: 'user', ttl: '60s', valid_principals: name },
    });
  const pseudonym = '0123456789abcdef0123456789abcdef';
  assert.match((await sign(pseudonym)).data.signed_key, /^ssh-ed25519-cert/);
  const blanks = whiteSpace.flatMap((one) => [`${one}root`, `root${one}`, `${one}root@web-1`]);
  for (const name of ['root', 'root@web-1', '', `${pseudonym},root`, ...blanks])
    await assert.rejects(sign(name), forbidden, JSON.stringify(name));
  // Lists, and what is nothing once trimmed: a certificate without principals would be for anybody
  for (const name of [[pseudonym, 'root'], ['root'], [' root'], ...whiteSpace])
    await assert.rejects(sign(name), JSON.stringify(name));
});
