import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adoptCredential } from '../../../../infra/services/token/adopt.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import type { Credential } from '../../../../schemas/generated/index.ts';
import { openBao } from '../../../services/openbao.ts';
import { issueToken, prepareVault } from '../../vault/rig.ts';

test('adoptCredential must register what Vault says of a credential, and how far it can be shortened', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const registered: Credential[] = [];
  const adopt = (accessor: string, rest: object = {}) =>
    adoptCredential(
      { vault: vault.root, register: async (credential) => void registered.push(credential) },
      { reference: { accessor }, function: 'billing', instance: 'billing-1', ...rest },
    );
  const made = async (body: object) => (await issueToken(vault, { role: '', body })).credential.reference;
  const plain = await adopt(await made({ policies: ['default'], explicit_max_ttl: '2h' }), { maxTtlMs: 3_600_000 });
  assert.deepEqual(
    [plain.kind, plain.shortening, plain.ttlMs, plain.maxTtlMs, plain.status],
    ['token', 'continuous', 600_000, 3_600_000, 'active'],
  );
  assert.ok(Math.abs(plain.explicitMaxExpiresAt! - plain.issuedAt - 7_200_000) < 2_000);
  assert.equal((await adopt(await made({ period: '1h' }))).shortening, 'revocable');
  assert.equal((await adopt(await made({ renewable: false }))).shortening, 'revocable');
  const twice = await adopt(plain.reference);
  assert.equal(twice.credentialId, plain.credentialId);
  assert.equal((await adopt(plain.reference, { credentialId: 'mine' })).credentialId, 'mine');
  await assert.rejects(adopt('nothing'), (error) => isEbbtideError(error, 'NOT_FOUND'));
  const { token } = await issueToken(vault);
  await assert.rejects(
    adopt(token),
    (error) => isEbbtideError(error, 'REQUEST_INVALID') && !String(error).includes(token),
  );
  assert.equal(JSON.stringify(registered).includes(token), false);
});
