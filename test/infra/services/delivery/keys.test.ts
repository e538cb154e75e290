import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateSshKeyPair } from '../../../../infra/provision/opensshKey.ts';
import { generateIdentity, isRecipient } from '../../../../infra/provision/sealing.ts';
import { openBao } from '../../../services/openbao.ts';
import { provisionRig } from '../../provision/rig.ts';

/** Reads well, and is the point zero, to which nothing can be sealed. */
const zero = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z';

test('keys of users', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  const alice = await rig.user('alice');
  await rig.engine();
  const delivery = await rig.delivery();
  const verifiers = async (vm: string): Promise<number> =>
    (
      await rig.vault.root
        .list<{ keys: string[] }>(`ebbtide-provisions/metadata/verifiers/${vm}/alice`)
        .catch(() => ({ data: { keys: [] } }))
    ).data.keys.length;

  await t.test('a recipient with a wrong checksum is refused before anything is taken or made', async () => {
    const recipient = `age1${'q'.repeat(58)}`;
    assert.equal(isRecipient(recipient), false);
    assert.equal((await delivery.call('PUT', '/v1/keys', alice.token, { recipient })).status, 400);
    await rig.want('alice', 'box-1');
    await rig.step('alice/box-1', 'preProvisioned');
    assert.equal((await delivery.get('box-1', alice.token, { recipient })).status, 400);
    assert.equal((await delivery.get('box-1', alice.token)).body.served, 'preProvisioned');
  });

  await t.test('what cannot be sealed is ended', async () => {
    assert.equal(isRecipient(zero), true);
    assert.equal((await delivery.get('box-2', alice.token, { recipient: zero })).status, 400);
    assert.equal(await verifiers('box-2'), 0, 'its password opens nothing');
  });

  await t.test('the enrolled SSH key counts on demand too, whatever recipient is given', async () => {
    const { publicKey } = await generateSshKeyPair('alice');
    const { recipient } = alice;
    const enrolled = { recipient, sshPublicKey: publicKey };
    await rig.want('alice', 'web-1');
    await rig.want('alice', 'box-3');
    await rig.step('alice/web-1', 'preProvisioned');
    await rig.step('alice/box-3', 'preProvisioned');
    assert.equal((await delivery.call('PUT', '/v1/keys', alice.token, enrolled)).status, 204);
    await rig.step('alice/web-1', 'destroyed');
    const { body } = await delivery.get('web-2', alice.token, { recipient });
    assert.equal((await alice.open(body.sealed)).credential.privateKey, undefined, 'the user has that');
    assert.equal((await delivery.get('box-3', alice.token)).body.served, 'preProvisioned', 'a password has no SSH key');

    await rig.want('alice', 'web-3');
    await rig.step('alice/web-3', 'preProvisioned');
    const other = await generateSshKeyPair('alice');
    const given = await delivery.get('web-3', alice.token, { recipient, sshPublicKey: other.publicKey });
    assert.equal(given.body.served, 'refreshed', 'it was made for another SSH key');
    await rig.want('alice', 'web-4');
    await rig.step('alice/web-4', 'preProvisioned');
    assert.equal((await delivery.get('web-4', alice.token, { recipient })).body.served, 'preProvisioned');
  });

  await t.test('what is sealed to a key that is the user’s no more is not handed over', async () => {
    const store = await rig.store();
    const pair = { user: 'alice', vm: 'box-4' };
    const outcome = await store.claim(pair, 'old', Date.now() + 10_000);
    assert.ok(outcome.kind === 'claimed');
    const { recipient } = await generateIdentity();
    const [mintedAt, expiresAt] = [Date.now(), Date.now() + 60_000];
    const facts = { method: 'password', reference: '', revocation: '', recipient, mintedAt, expiresAt } as const;
    await store.put(outcome.claim, 'sealed', facts, 60_000);
    const { body } = await delivery.get('box-4', alice.token);
    assert.equal(body.served, 'refreshed');
    await alice.open(body.sealed);
  });
});
