import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Minter } from '../../../infra/provision/mint/minter.ts';
import { Owed } from '../../../infra/provision/owed.ts';
import type { SecretStore } from '../../../infra/provision/store.ts';
import { VaultSecretStore } from '../../../infra/provision/vaultStore.ts';
import { deliveryConfig } from '../../../infra/services/delivery/config.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { sealableOpenBao } from '../../services/openbao.ts';
import { until } from '../vault/rig.ts';
import { provisionRig } from './rig.ts';

test('Vault or Kafka away must leave no secret behind, and be told', async (t) => {
  const server = await sealableOpenBao(t);
  const rig = await provisionRig(t, server);
  const alice = await rig.user('alice');
  await rig.engine({ attempts: 1_000 });
  const delivery = await rig.delivery();

  const verifiersOf = async (vm: string) =>
    (
      await rig.vault.root
        .list<{ keys: string[] }>(`ebbtide-provisions/metadata/verifiers/${vm}/alice`)
        .catch(() => ({ data: { keys: [] } }))
    ).data.keys.length;

  await t.test('during mint: tried again until it is back, and the user told of the delay', async () => {
    await server.seal();
    await rig.want('alice', 'web-1');
    await until('the notice', () =>
      rig.kafka.alerts.find(({ kind, subject }) => kind === 'noticeDelay' && subject === 'alice'),
    );
    await server.unseal();
    await rig.step('alice/web-1', 'preProvisioned');
  });

  await t.test('during hand-over: 503, and handed over once it is back', async () => {
    await server.seal();
    const away = await delivery.get('web-1', alice.token);
    assert.deepEqual([away.status, away.body.code], [503, 'vault-unavailable']);
    assert.equal((await delivery.health()).ready, false);
    await server.unseal();
    assert.equal((await delivery.get('web-1', alice.token)).body.served, 'preProvisioned');
    await rig.noneLies();
  });

  await t.test('the store alone away: made on demand', async () => {
    const store: SecretStore = Object.create(await rig.store('delivery'), {
      take: { value: () => Promise.reject(new EbbtideError('VAULT_UNAVAILABLE', 'away')) },
    });
    const other = await rig.delivery({}, { store });
    const { body } = await other.get('web-2', alice.token);
    assert.equal(body.served, 'generated');
    await alice.open(body.sealed);
  });

  await t.test('Vault lost while something is taken: made anew, and what was taken ended', async () => {
    await rig.want('alice', 'box-3');
    await rig.step('alice/box-3', 'preProvisioned');
    assert.equal(await verifiersOf('box-3'), 1);
    const client = await VaultClient.connect(rig.vault.configs.delivery, {
      service: 'test',
      log: pino({ level: 'silent' }),
    });
    t.after(() => client.close());
    const write = client.write.bind(client);
    client.write = ((path: string, ...rest: [object]) =>
      path === 'sys/wrapping/unwrap'
        ? Promise.reject(new EbbtideError('VAULT_UNAVAILABLE', 'away'))
        : write(path, ...rest)) as typeof client.write;
    const other = await rig.delivery({}, { store: new VaultSecretStore(client, 'ebbtide-provisions') });
    const { body } = await other.get('box-3', alice.token);
    assert.equal(body.served, 'refreshed');
    await alice.open(body.sealed);
    await rig.noneLies();
    await until('its password to open nothing', async () => (await verifiersOf('box-3')) === 1);
    await rig.step('alice/box-3', 'destroyed');
    assert.equal(rig.kafka.alerts.filter(({ kind }) => kind === 'provisionTampered').length, 0);
  });

  await t.test('Kafka away: what cannot be recorded is not handed over, and ended', async () => {
    await rig.want('alice', 'box-1');
    await rig.step('alice/box-1', 'preProvisioned');
    const verifiers = async () =>
      (
        await rig.vault.root
          .list<{ keys: string[] }>('ebbtide-provisions/metadata/verifiers/box-1/alice')
          .catch(() => ({ data: { keys: [] } }))
      ).data.keys.length;
    assert.equal(await verifiers(), 1);
    const context = () => {
      const whole = rig.kafka.context();
      const producer = async () => ({ send: () => new Promise<void>(() => {}), close: async () => {} });
      return { ...whole, kafka: { ...whole.kafka, producer } };
    };
    const broken = await provisionRig(t, server, { kafka: { ...rig.kafka, context }, vault: rig.vault });
    const other = await broken.delivery(
      {},
      {
        delivery: deliveryConfig.parse({ port: 0, recordTimeoutMs: 200 }),
      },
    );
    assert.equal((await other.get('box-1', alice.token)).status, 503);
    await rig.noneLies();
    await until('its password to open nothing', async () => (await verifiers()) === 0);
    assert.equal((await delivery.get('box-1', alice.token)).body.served, 'generated');
  });

  await t.test('Kafka away, and Vault too when it is to be ended: ended once Vault is back', async () => {
    const context = () => {
      const whole = rig.kafka.context();
      const send = async () => {
        await server.seal();
        throw new EbbtideError('KAFKA_UNAVAILABLE', 'away');
      };
      return { ...whole, kafka: { ...whole.kafka, producer: async () => ({ send, close: async () => {} }) } };
    };
    const broken = await provisionRig(t, server, { kafka: { ...rig.kafka, context }, vault: rig.vault });
    const other = await broken.delivery();
    assert.equal((await other.get('box-7', alice.token)).status, 503);
    await server.unseal();
    assert.ok((await verifiersOf('box-7')) <= 1);
    await until('its password opens nothing', async () => (await verifiersOf('box-7')) === 0);
  });

  await t.test(
    'Vault away for what is to be destroyed at a refusal: destroyed once it is back, and that written',
    async () => {
      await rig.want('alice', 'box-8');
      await rig.step('alice/box-8', 'preProvisioned');
      const client = await VaultClient.connect(rig.vault.configs.delivery, {
        service: 'test',
        log: pino({ level: 'silent' }),
      });
      t.after(() => client.close());
      const write = client.write.bind(client);
      let refused = 0;
      // The first time before anything, the second time when the entry has been changed already
      client.write = (async (path: string, ...rest: [object]) => {
        if (path === 'auth/token/revoke-accessor' && ++refused === 1) throw new EbbtideError('VAULT_SEALED', 'away');
        const answer = await write(path, ...rest);
        if (path.startsWith('ebbtide-provisions/data/pairs/') && ++refused === 3)
          throw new EbbtideError('VAULT_UNAVAILABLE', 'the answer was lost');
        return answer;
      }) as typeof client.write;
      const other = await rig.delivery({}, { store: new VaultSecretStore(client, 'ebbtide-provisions') });
      await rig.machine('box-8', 'archived');
      const status = async () => (await other.call('GET', '/v1/credentials/box-8', alice.token)).status;
      await until('the archiving to be known', async () => (await status()) === 410);
      assert.equal(await status(), 410, 'asked again before it is done');
      const { by } = await rig.step('alice/box-8', 'destroyed');
      assert.match(by, /^delivery/);
      await rig.noneLies();
      assert.equal(await verifiersOf('box-8'), 0, 'its password opens nothing');
      assert.ok(refused >= 3);
    },
  );

  await t.test('Vault lost in the middle of making one: what was made half is removed', async () => {
    const client = await VaultClient.connect(rig.vault.configs.delivery, {
      service: 'test',
      log: pino({ level: 'silent' }),
    });
    t.after(() => client.close());
    const write = client.write.bind(client);
    const remove = client.remove.bind(client);
    let away = 2;
    client.write = (async (path: string, ...rest: [object]) => {
      const answer = await write(path, ...rest);
      if (path.includes('/data/verifiers/')) throw new EbbtideError('VAULT_UNAVAILABLE', 'the answer was lost');
      return answer;
    }) as typeof client.write;
    client.remove = (async (path: string, ...rest: []) => {
      if (away-- > 0) throw new EbbtideError('VAULT_SEALED', 'away');
      return remove(path, ...rest);
    }) as typeof client.remove;
    const config = rig.config();
    const owed = new Owed({ config, now: Date.now, log: pino({ level: 'silent' }) });
    const minter = new Minter(client, 'ebbtide-provisions', Date.now, owed.owe);
    const pair = { user: 'alice', vm: 'box-9' };
    const target = { method: 'password' as const, users: ['*'], ttlMs: 60_000, length: 24 };
    await assert.rejects(minter.mint({ pair, target, ttlMs: 60_000, sshPublicKey: undefined }), /the answer was lost/);
    assert.deepEqual([await verifiersOf('box-9'), owed.size], [1, 1]);
    await until('it is tried again', async () => {
      await owed.tick();
      return owed.size === 0;
    });
    assert.equal(await verifiersOf('box-9'), 0);
  });
});
