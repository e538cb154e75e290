import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { readToEnd } from '../../../../infra/cli/register.ts';
import { eraseUser, exportUser } from '../../../../infra/services/keyhost/privacy.ts';
import { VaultClient } from '../../../../infra/vault/client.ts';
import { UserKeys } from '../../../../infra/vault/userKeys.ts';
import { EbbtideError, isEbbtideError } from '../../../../schemas/errors.ts';
import type { Baseline } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRig, keptLog, prepareVault, until } from '../../vault/rig.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, startHost, typist } from './rig.ts';

test('what is kept of a user can be had, and be erased wherever its bytes are', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const context = kafka.context();
  const host = await startHost(t, vault, kafka.context());
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const officer = await VaultClient.connect(vault.configs.privacy, { service: 'test', log: keptLog().log });
  t.after(() => officer.close());
  const phrases = Array.from({ length: 12 }, typist(0.25, 3));
  const signIn = (user: string, times: typeof phrases) =>
    ask(host.address, identity, 'POST', '/v1/authentications', {
      requestId: randomUUID(),
      user,
      csr,
      strong: true,
      batch: batchOf(times),
    });
  const { body: key } = await signIn('anna@example', phrases);
  await signIn('bert@example', Array.from({ length: 12 }, typist(0.2, 5)));

  /** Every byte that lies in the topics, as the broker has it. */
  const raw: Buffer[] = [];
  const names = Object.values(topics).map(({ name }) => name);
  const tail = await kafka.kafka.tail({ topics: names, from: 'beginning' });
  t.after(() => tail.close());
  void (async () => {
    for await (const messages of tail.batches())
      for (const { key, value } of messages)
        raw.push(Buffer.concat([key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)]));
  })();
  await tail.caughtUp;

  const kept = await exportUser(context, officer, 'anna@example', readToEnd);
  await t.test('the export has behaviour, baseline, consent, purpose and basis, and no other user', async () => {
    assert.equal(kept.behaviour.length, 12);
    assert.deepEqual(kept.behaviour.map(({ features }) => features).toSorted(byHold), phrases.toSorted(byHold));
    assert.equal(kept.baseline!.keystroke!.anchor.length, 12 * 31);
    assert.deepEqual(
      [
        ...new Set(
          kept.authentications.map(({ consent, purpose, lawfulBasis }) => `${consent} ${purpose} ${lawfulBasis}`),
        ),
      ],
      ['session authentication consent'],
    );
    assert.deepEqual(
      kept.keys.map(({ credentialId }) => credentialId),
      [key.credentialId],
    );
    await assert.rejects(exportUser(context, officer, 'nobody@example', readToEnd), (error) =>
      isEbbtideError(error, 'NOT_FOUND'),
    );
  });

  await t.test('no byte in any topic tells who it is, or how they type', () => {
    const all = Buffer.concat(raw);
    assert.ok(all.length > 10_000);
    assert.equal(all.includes('anna@'), false);
    for (const phrase of phrases)
      for (const value of Object.values(phrase)) {
        const [double, float] = [Buffer.alloc(8), Buffer.alloc(4)];
        double.writeDoubleLE(value);
        float.writeFloatLE(Math.log(Math.max(value, 0.01)));
        assert.equal(all.includes(double), false);
        assert.equal(all.includes(String(value)), false);
        assert.equal(all.includes(float), false);
      }
  });

  await t.test(
    'once erased, the bytes that are still there open for nobody, whatever may be asked of Vault',
    async () => {
      const baselines = await kafka.seen<Baseline>(topics.baselines);
      const before = await until('her baseline', () => baselines.find(({ user }) => user === kept.user));
      const anybody = () => new UserKeys(vault.root);
      assert.ok(await anybody().open(kept.user, before.sealed));
      await assert.rejects(async () =>
        anybody()
          .open('another', before.sealed)
          .then((bytes) => bytes ?? Promise.reject(gone)),
      );
      const altered = Buffer.from(before.sealed);
      altered[altered.length - 1]! ^= 1;
      await assert.rejects(anybody().open(kept.user, altered), (error) => isEbbtideError(error, 'STATE_CORRUPT'));
      assert.deepEqual(await eraseUser(context, officer, 'anna@example'), { user: kept.user, erased: true });
      assert.equal(await anybody().open(kept.user, before.sealed), undefined);
      const after = await exportUser(context, officer, 'anna@example', readToEnd);
      assert.equal(after.baseline, null);
      assert.ok(after.behaviour.length === 12 && after.behaviour.every(({ features }) => features === null));
      assert.deepEqual(await eraseUser(context, officer, 'anna@example'), { user: kept.user, erased: false });
    },
  );

  await t.test('a user who comes back begins anew, and what was erased stays so', async () => {
    const next = await startHost(t, vault, kafka.context());
    const { body } = await ask(next.address, identity, 'POST', '/v1/authentications', {
      requestId: randomUUID(),
      user: 'anna@example',
      csr,
      strong: true,
      batch: batchOf(Array.from({ length: 5 }, typist(0.25, 33))),
    });
    assert.equal(body.reason, 'learning');
    const back = await exportUser(context, officer, 'anna@example', readToEnd);
    assert.equal(back.behaviour.filter(({ features }) => features === null).length, 12);
    assert.equal(back.behaviour.filter(({ features }) => features !== null).length, 5);
  });

  await t.test('whoever is erased while a key host has them open is never sealed under another key', async () => {
    const cara = typist(0.3, 41);
    const post = (address: string) =>
      ask(address, identity, 'POST', '/v1/authentications', {
        requestId: randomUUID(),
        user: 'cara@example',
        csr,
        strong: true,
        batch: batchOf(Array.from({ length: 4 }, cara)),
      });
    const { body: first } = await post(host.address);
    const other = await startHost(t, vault, kafka.context());
    // Opens what is known of her; nothing was sealed for her there so far
    await ask(other.address, identity, 'GET', `/v1/keys/${first.credentialId}`);
    const user = (await exportUser(context, officer, 'cara@example', readToEnd)).user;
    assert.ok(await new UserKeys(officer).erase(user));
    await post(other.address);
    const baselines = await kafka.seen<Baseline>(topics.baselines);
    const hers = await until('what was sealed since', () => {
      const all = baselines.filter((one) => one.user === user);
      return all.length >= 2 && all;
    });
    for (const { sealed } of hers) assert.equal(await new UserKeys(vault.root).open(user, sealed), undefined);
    const bytes = Buffer.from('more');
    assert.equal(await new UserKeys(vault.root).reseal(user, bytes, hers[0]!.sealed), undefined);
  });

  await t.test('others are untouched', async () => {
    assert.equal((await exportUser(context, officer, 'bert@example', readToEnd)).baseline!.keystroke!.features, 31);
  });

  await t.test('the key host itself cannot destroy a key', async () => {
    const hostVault = await VaultClient.connect(vault.configs.keyhost, { service: 'test', log: keptLog().log });
    t.after(() => hostVault.close());
    await assert.rejects(
      new UserKeys(hostVault).erase((await exportUser(context, officer, 'bert@example', readToEnd)).user),
      (error) => isEbbtideError(error, 'VAULT_FORBIDDEN'),
    );
  });
});

const gone = new EbbtideError('NOT_FOUND', 'Vault does not open it');
const byHold = (a: Record<string, number> | null, b: Record<string, number> | null) => a!['hold.0']! - b!['hold.0']!;
