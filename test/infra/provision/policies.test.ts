import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shippedPolicy } from '../../../infra/vault/bootstrap.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { openBao } from '../../services/openbao.ts';
import { keptLog, prepareVault } from '../vault/rig.ts';

const forbidden = (error: unknown) => isEbbtideError(error, 'VAULT_FORBIDDEN');

for (const login of ['provision', 'delivery'] as const)
  test(`${login}.hcl must be enough for its service, and nothing in it superfluous`, async (t) => {
    const vault = await prepareVault(t, await openBao(t));
    const policy = `ebbtide-${login}`;
    const text = await shippedPolicy(`${login}.hcl`);
    const client = await VaultClient.connect(vault.configs[login], { service: 'test', log: keptLog().log });
    t.after(() => client.close());
    const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHCZQZJeLRZ46ANPtJDfyRrO/Uvs67qoOosn3rITEkHA test';
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
