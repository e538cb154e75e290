import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBao } from '../../../services/openbao.ts';
import { provisionRig } from '../../provision/rig.ts';

test('startDelivery must hand over at once what was prepared, once, and generate what was not', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  const alice = await rig.user('alice');
  await rig.engine();
  const delivery = await rig.delivery();

  await t.test('prepared: handed over, sealed to its user, and recorded', async () => {
    await rig.want('alice', 'web-1');
    const prepared = await rig.step('alice/web-1', 'preProvisioned');
    assert.equal(prepared.method, 'sshCertificate');
    assert.ok(prepared.accessor !== '' && prepared.reference !== '' && prepared.mintedAt !== null);
    assert.deepEqual((await delivery.call('GET', '/v1/credentials/web-1', alice.token)).body, {
      prepared: true,
      expiresAt: prepared.expiresAt,
    });
    const answer = await delivery.get('web-1', alice.token);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual([answer.body.served, answer.body.decisionId], ['preProvisioned', prepared.decisionId]);
    const opened = await alice.open(answer.body.sealed);
    assert.deepEqual([opened.user, opened.vm], ['alice', 'web-1']);
    assert.match(opened.credential.privateKey!, /BEGIN OPENSSH PRIVATE KEY/);
    assert.match(opened.credential.certificate!, /^ssh-ed25519-cert-v01@openssh.com /);
    const record = await rig.step('alice/web-1', 'delivered');
    assert.deepEqual([record.served, record.decisionId], ['preProvisioned', prepared.decisionId]);
    assert.ok(record.endedAt !== null && record.waitedMs !== null);
    await rig.noneLies();
  });

  await t.test('asked for again: generated, another one', async () => {
    const answer = await delivery.get('web-1', alice.token);
    assert.deepEqual([answer.status, answer.body.served], [200, 'generated']);
    await alice.open(answer.body.sealed);
  });

  await t.test('of two requests at once, one gets what was prepared', async () => {
    await rig.want('alice', 'box-1');
    await rig.step('alice/box-1', 'preProvisioned');
    const answers = await Promise.all([1, 2, 3].map(() => delivery.get('box-1', alice.token)));
    assert.deepEqual(answers.map(({ body }) => body.served).sort(), ['generated', 'generated', 'preProvisioned']);
    const passwords = new Set<string>();
    for (const { body } of answers) passwords.add((await alice.open(body.sealed)).credential.password!);
    assert.equal(passwords.size, 3);
  });
});
