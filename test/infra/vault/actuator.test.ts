import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Actuator, type Intent } from '../../../infra/vault/actuator.ts';
import { openBao } from '../../services/openbao.ts';
import { issueToken, lifeS, opens, prepareVault } from './rig.ts';

const intent = (action: Intent['action'], ttlMs = 0): Intent => ({ action, ttlMs, writtenAt: Date.now() });

test('Actuator must do what Vault can, and say what Vault really did', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const actuator = new Actuator(vault.root);

  await t.test('shortening moves the expiry and is enforced where the holder cannot undo it', async () => {
    const { token, credential } = await issueToken(vault);
    const done = await actuator.apply(credential, intent('shorten', 60_000));
    assert.equal(done.outcome, 'enforced', done.detail);
    assert.ok(done.remainingMs! <= 60_000 && done.remainingMs! > 30_000, String(done.remainingMs));
    const left = (await lifeS(vault, credential.reference))!;
    assert.ok(left <= 60 && left >= 30, String(left));
    assert.equal(await opens(vault, token), true);
  });

  await t.test('shortening never lengthens a life that is shorter already', async () => {
    const { credential } = await issueToken(vault, { ttlS: 30 });
    const done = await actuator.apply(credential, intent('shorten', 300_000));
    assert.equal(done.outcome, 'enforced');
    assert.match(done.detail, /ends sooner/);
    assert.ok((await lifeS(vault, credential.reference))! <= 30);
  });

  await t.test('a token with the default policy is shortened, and that is advisory', async () => {
    const { credential } = await issueToken(vault, { role: '', body: { policies: ['default'] } });
    const done = await actuator.apply(credential, intent('shorten', 60_000));
    assert.equal(done.outcome, 'advisory', done.detail);
    assert.match(done.detail, /renew-self/);
  });

  await t.test(
    'a token that a policy forbids to renew itself is enforced though it has the default policy',
    async () => {
      await vault.root.write('sys/policies/acl/no-renew', {
        policy:
          'path "auth/token/renew-self" { capabilities = ["deny"] } path "auth/token/renew" { capabilities = ["deny"] }',
      });
      const { credential } = await issueToken(vault, { role: '', body: { policies: ['default', 'no-renew'] } });
      assert.equal((await actuator.apply(credential, intent('shorten', 60_000))).outcome, 'enforced');
    },
  );

  for (const [what, body, because] of [
    ['a periodic token', { period: '1h', policies: ['default'] }, /period of 3600 s/],
    ['a token that is not renewable', { renewable: false, policies: ['default'] }, /not renewable/],
  ] as const)
    await t.test(`${what} cannot be shortened, but revoked`, async () => {
      const { credential } = await issueToken(vault, { role: '', body });
      const done = await actuator.apply(credential, intent('shorten', 60_000));
      assert.equal(done.outcome, 'impossible');
      assert.match(done.detail, because);
      assert.ok((await lifeS(vault, credential.reference))! > 500);
      assert.equal((await actuator.apply(credential, intent('revoke'))).outcome, 'enforced');
      assert.equal(await lifeS(vault, credential.reference), undefined);
    });

  await t.test('extending raises the remaining life, and doing it again changes nothing', async () => {
    const { credential } = await issueToken(vault, { ttlS: 60 });
    const wanted = intent('extend', 600_000);
    const first = await actuator.apply(credential, wanted);
    assert.equal(first.outcome, 'enforced', first.detail);
    assert.ok(first.remainingMs! > 550_000 && first.remainingMs! <= 601_000, String(first.remainingMs));
    const again = await actuator.apply(credential, wanted);
    assert.match(again.detail, /already lives/);
    assert.ok(Math.abs(again.expiresAt! - first.expiresAt!) < 100);
  });

  await t.test('an extension counts from when it was decided', async () => {
    const { credential } = await issueToken(vault, { ttlS: 10 });
    const done = await actuator.apply(credential, {
      action: 'extend',
      ttlMs: 600_000,
      writtenAt: Date.now() - 300_000,
    });
    assert.ok(done.remainingMs! < 302_000 && done.remainingMs! > 250_000, String(done.remainingMs));
    const tooLate = await actuator.apply(credential, {
      action: 'extend',
      ttlMs: 60_000,
      writtenAt: Date.now() - 300_000,
    });
    assert.equal(tooLate.skipped, 'late');
  });

  await t.test('extending stops at the explicit maximum and at the maximum TTL of the register', async () => {
    const { credential } = await issueToken(vault, {
      ttlS: 30,
      credential: { explicitMaxExpiresAt: Date.now() + 100_000 },
    });
    const capped = await actuator.apply(credential, intent('extend', 900_000));
    assert.equal(capped.outcome, 'enforced');
    assert.match(capped.detail, /as far as its maximum allows/);
    assert.ok(capped.remainingMs! <= 100_000 && capped.remainingMs! > 50_000);
    assert.match((await actuator.apply(credential, intent('extend', 900_000))).detail, /as long as its maximum/);
    const byVault = await issueToken(vault, {
      ttlS: 30,
      role: '',
      body: { explicit_max_ttl: '100s', policies: ['default'] },
    });
    assert.ok((await actuator.apply(byVault.credential, intent('extend', 900_000))).remainingMs! <= 100_000);
    const other = await issueToken(vault, { ttlS: 30, credential: { maxTtlMs: 120_000 } });
    assert.ok((await actuator.apply(other.credential, intent('extend', 900_000))).remainingMs! <= 121_000);
  });

  await t.test('revoking is read back and may be repeated', async () => {
    const { token, credential } = await issueToken(vault);
    for (const _ of [1, 2]) {
      const done = await actuator.apply(credential, intent('revoke'));
      assert.deepEqual([done.outcome, done.ended, done.remainingMs], ['enforced', true, 0]);
    }
    assert.equal(await opens(vault, token), false);
  });

  await t.test('an accessor that never existed is impossible to shorten or extend', async () => {
    const { credential } = await issueToken(vault);
    const ghost = { ...credential, reference: 'never-existed' };
    for (const action of ['shorten', 'extend'] as const) {
      const done = await actuator.apply(ghost, intent(action, 60_000));
      assert.equal(done.outcome, 'impossible');
      assert.match(done.detail, /never existed/);
    }
  });

  await t.test('a key has no life at Vault', async () => {
    const { credential } = await issueToken(vault);
    assert.equal((await actuator.apply({ ...credential, kind: 'key' }, intent('revoke'))).outcome, 'impossible');
  });
});

test('Actuator must revoke certificates by serial and say that they cannot be shortened', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const actuator = new Actuator(vault.root);
  await vault.root.write('sys/mounts/pki', { type: 'pki', config: { max_lease_ttl: '87600h' } });
  await vault.root.write('pki/root/generate/internal', {
    common_name: 'test',
    ttl: '87600h',
    key_type: 'ec',
    key_bits: 256,
  });
  const issue = async (noStore: boolean) => {
    await vault.root.write('pki/roles/ebbtide-function', {
      ttl: '5m',
      key_type: 'ec',
      key_bits: 256,
      allow_any_name: true,
      enforce_hostnames: false,
      no_store: noStore,
    });
    const { data } = await vault.root.write<{ serial_number: string }>('pki/issue/ebbtide-function', {
      common_name: 'checkout.svc',
    });
    const { credential } = await issueToken(vault);
    return {
      ...credential,
      kind: 'certificate' as const,
      mount: 'pki',
      reference: data.serial_number,
      shortening: 'revocable' as const,
    };
  };
  const certificate = await issue(false);
  const shortened = await actuator.apply(certificate, intent('shorten', 60_000));
  assert.equal(shortened.outcome, 'impossible');
  assert.match(shortened.detail, /signed into it; revoking/);
  const revoked = await actuator.apply(certificate, intent('revoke'));
  assert.deepEqual([revoked.outcome, revoked.ended], ['enforced', true], revoked.detail);
  const { data } = await vault.root.read<{ revocation_time: number }>(`pki/cert/${certificate.reference}`);
  assert.ok(data.revocation_time > 0);
  assert.equal((await actuator.apply(certificate, intent('revoke'))).outcome, 'enforced');
  assert.equal((await actuator.apply(await issue(true), intent('revoke'))).outcome, 'impossible');
});
