import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { provisionConfig } from '../../../infra/provision/config.ts';
import { Engine, type EngineParts } from '../../../infra/provision/engine.ts';
import { Machines } from '../../../infra/provision/machines.ts';
import { createProvisionMetrics } from '../../../infra/provision/metrics.ts';
import { Minter } from '../../../infra/provision/mint/minter.ts';
import { Owed } from '../../../infra/provision/owed.ts';
import { blankProvision } from '../../../infra/provision/records.ts';
import { generateIdentity } from '../../../infra/provision/sealing.ts';
import type { SecretStore, StoredSecret } from '../../../infra/provision/store.ts';
import { UserDirectory } from '../../../infra/provision/userKeys.ts';
import { VaultSecretStore } from '../../../infra/provision/vaultStore.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { TokenBucket } from '../../../operators/actuate/tokenBucket.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Provision } from '../../../schemas/generated/index.ts';
import { openBao } from '../../services/openbao.ts';
import { prepareVault, until } from '../vault/rig.ts';

const pair = { user: 'alice', vm: 'box-1' };
const key = 'alice/box-1';

/** Engines at a real Vault that are told of records by the test, in whatever order it wants. */
const engineRig = async (t: TestContext) => {
  const vault = await prepareVault(t, await openBao(t));
  const log = pino({ level: 'silent' });
  const client = await VaultClient.connect(vault.configs.provision, { service: 'test', log });
  t.after(() => client.close());
  const directory = new UserDirectory(vault.root, 'ebbtide-users');
  const { recipient } = await generateIdentity();
  await directory.enrol('alice', { recipient });
  const store = new VaultSecretStore(client, 'ebbtide-provisions');
  const minter = new Minter(client, 'ebbtide-provisions', Date.now);
  const engine = (overrides: Partial<EngineParts> = {}) => {
    const written: Provision[] = [];
    const config = provisionConfig.parse({ targets: { '*': { method: 'password' } }, minRemainingMs: 0, backoffMs: 1 });
    const made: Engine = new Engine({
      store,
      owed: new Owed({ config, now: Date.now, log }),
      minter,
      directory,
      risk: { riskOf: () => 0 },
      machines: new Machines(),
      killed: () => false,
      config,
      now: Date.now,
      write: async (record) => void (record && written.push(record)),
      mints: new TokenBucket({ perSecond: 100, burst: 100 }, performance.now()),
      metrics: createProvisionMetrics(new Registry(), { waiting: () => 0, lying: () => 0 }),
      log,
      by: 'test',
      ...overrides,
    });
    return { engine: made, written };
  };
  /** The store, with something that happens just before or after one of its functions. */
  const storeWith = (more: Partial<SecretStore>): SecretStore => ({
    claim: (...given) => store.claim(...given),
    put: (...given) => store.put(...given),
    release: (claim) => store.release(claim),
    peek: (at) => store.peek(at),
    verify: (at) => store.verify(at),
    take: (at) => store.take(at),
    destroy: (...given) => store.destroy(...given),
    pairs: (user) => store.pairs(user),
    ...more,
  });
  const verifiers = async (): Promise<number> =>
    (
      await vault.root
        .list<{ keys: string[] }>('ebbtide-provisions/metadata/verifiers/box-1/alice')
        .catch(() => ({ data: { keys: [] } }))
    ).data.keys.length;
  const settled = (engine: Engine, what: string, holds: () => boolean | Promise<boolean>) =>
    until(what, async () => {
      await engine.tick();
      await engine.drained();
      return holds();
    });
  return { vault, client, directory, store, storeWith, minter, engine, verifiers, settled };
};

const record = (state: Provision['state'], overrides: Partial<Provision> = {}): Provision => ({
  ...blankProvision(pair, Date.now(), 'test'),
  windowEnd: Date.now() + 600_000,
  decisionId: 'd1',
  state,
  ...overrides,
});

const states = (written: readonly Provision[]) => written.map(({ state }) => state);

test('what is taken back while it is made must be destroyed at once', async (t) => {
  const rig = await engineRig(t);
  for (const [name, takeBack] of [
    ['by its own decision', record('unwanted')],
    ['by another decision', record('unwanted', { decisionId: 'd2' })],
    ['by a tombstone', undefined],
  ] as const)
    await t.test(name, async () => {
      const store = rig.storeWith({
        put: async (...given) => {
          engine.take(key, takeBack);
          return rig.store.put(...given);
        },
      });
      const { engine, written } = rig.engine({ store });
      engine.take(key, record('wanted', { decisionId: `d1 ${name}` }));
      await rig.settled(engine, 'it to be destroyed', () => written.at(-1)?.state === 'destroyed');
      assert.deepEqual(states(written), ['preProvisioned', 'destroyed']);
      assert.deepEqual([await rig.verifiers(), engine.lying], [0, 0]);
    });

  await t.test('where the topic tells of it in that order, after a restart', async () => {
    const before = rig.engine();
    before.engine.take(key, record('wanted', { decisionId: 'd9' }));
    await rig.settled(before.engine, 'it to be made', () => before.written.length === 1);
    const { engine, written } = rig.engine();
    engine.take(key, record('wanted', { decisionId: 'd9' }));
    engine.take(key, record('unwanted', { decisionId: 'd9' }));
    engine.take(key, before.written[0]);
    await rig.settled(engine, 'it to be destroyed', () => states(written).includes('destroyed'));
    assert.equal(await rig.verifiers(), 0);
  });
});

test('records of requests that no decision wanted must not make an engine forget what lies prepared', async (t) => {
  const rig = await engineRig(t);
  for (const state of ['failed', 'delivered'] as const) {
    const { engine, written } = rig.engine();
    engine.take(key, record('wanted', { decisionId: state }));
    await rig.settled(engine, 'it to be made', () => written.length === 1);
    engine.take(key, record(state, { decisionId: '' }));
    assert.equal(engine.lying, 1);
    engine.take(key, record('unwanted', { decisionId: state }));
    await rig.settled(engine, 'it to be destroyed', () => states(written).includes('destroyed'));
    assert.equal(await rig.verifiers(), 0);
  }
});

test('a key that is changed while a credential is made must leave nothing sealed to the old one', async (t) => {
  const rig = await engineRig(t);
  const store = rig.storeWith({
    put: async (...given) => {
      const { recipient } = await generateIdentity();
      await rig.directory.enrol('alice', { recipient });
      return rig.store.put(...given);
    },
  });
  const { engine, written } = rig.engine({ store });
  engine.take(key, record('wanted'));
  await rig.settled(engine, 'it to be done with', () => engine.waiting === 0);
  assert.deepEqual(states(written), []);
  assert.deepEqual([await rig.store.peek(pair), await rig.verifiers()], [undefined, 0]);
});

test('what was destroyed in the store must be ended and written, however late', async (t) => {
  const rig = await engineRig(t);
  const away = new EbbtideError('VAULT_UNAVAILABLE', 'away');
  const failing = new Set<string>();
  const minter: Minter = Object.assign(Object.create(rig.minter), {
    mint: rig.minter.mint.bind(rig.minter),
    end: (gone: StoredSecret) => (failing.delete('end') ? Promise.reject(away) : rig.minter.end(gone)),
  });
  const written: Provision[] = [];
  const write = async (one: Provision | undefined) => {
    if (one?.state === 'destroyed' && failing.delete('write')) throw new EbbtideError('KAFKA_UNAVAILABLE', 'away');
    if (one) written.push(one);
  };
  const { engine } = rig.engine({ minter, write });
  engine.take(key, record('wanted'));
  await rig.settled(engine, 'it to be made', () => written.length === 1);
  failing.add('end').add('write');
  engine.take(key, record('unwanted'));
  await rig.settled(engine, 'it to be written', () => written.length === 2);
  assert.deepEqual([failing.size, states(written)], [0, ['preProvisioned', 'destroyed']]);
  assert.equal(await rig.verifiers(), 0);
});

test('what a later decision replaced must be ended once and written, though Vault is away for it or the next is not made', async (t) => {
  const rig = await engineRig(t);
  for (const what of ['end', 'mint'] as const)
    await t.test(what, async () => {
      const failing = new Set<string>();
      const away = new EbbtideError('VAULT_UNAVAILABLE', 'away');
      const minter: Minter = Object.assign(Object.create(rig.minter), {
        mint: (...given: Parameters<Minter['mint']>) =>
          failing.delete('mint') ? Promise.reject(away) : rig.minter.mint(...given),
        end: (gone: StoredSecret) => (failing.delete('end') ? Promise.reject(away) : rig.minter.end(gone)),
      });
      const { engine, written } = rig.engine({ minter });
      engine.take(key, record('wanted', { decisionId: `${what} 1` }));
      await rig.settled(engine, 'it to be made', () => written.length === 1);
      failing.add(what);
      engine.take(key, record('wanted', { decisionId: `${what} 2` }));
      await rig.settled(engine, 'it to be replaced', () => written.length === 3);
      assert.equal(failing.size, 0);
      const steps = written.map(({ state, decisionId }) => `${state} ${decisionId}`);
      assert.deepEqual(steps.sort(), [`destroyed ${what} 1`, `preProvisioned ${what} 1`, `preProvisioned ${what} 2`]);
      assert.equal(await rig.verifiers(), 1, 'the new one alone opens anything');
      engine.take(key, record('unwanted', { decisionId: `${what} 2` }));
      await rig.settled(engine, 'it to be destroyed', () => written.length === 4);
      assert.equal(await rig.verifiers(), 0);
    });
});

test('what lies ready must be told of as that however long Kafka is away, unless it is gone by then', async (t) => {
  const rig = await engineRig(t);
  const stalled = async (decisionId: string) => {
    const written: Provision[] = [];
    let away = true;
    let refused = 0;
    const write = async (one: Provision | undefined) => {
      if (away && ++refused) throw new EbbtideError('KAFKA_UNAVAILABLE', 'away');
      if (one) written.push(one);
    };
    const { engine } = rig.engine({ write });
    engine.take(key, record('wanted', { decisionId }));
    await rig.settled(engine, 'Kafka to be asked', () => refused >= 2);
    const back = () => {
      away = false;
    };
    return { engine, written, back };
  };

  const first = await stalled('d1');
  first.back();
  await rig.settled(first.engine, 'it to be written', () => first.written.length > 0);
  assert.deepEqual([states(first.written), first.engine.lying], [['preProvisioned'], 1]);
  first.engine.take(key, record('unwanted'));
  await rig.settled(first.engine, 'it to be destroyed', () => first.written.length === 2);
  assert.deepEqual([states(first.written), await rig.verifiers()], [['preProvisioned', 'destroyed'], 0]);

  const second = await stalled('d2');
  second.engine.take(key, record('unwanted', { decisionId: 'd2' }));
  await rig.settled(second.engine, 'it to be destroyed', async () => (await rig.verifiers()) === 0);
  second.back();
  await rig.settled(second.engine, 'it to be written', () => second.written.length > 0);
  assert.deepEqual(states(second.written), ['destroyed']);
});

test('a pair that cannot be looked at must not keep others from being swept, and be counted', async (t) => {
  const rig = await engineRig(t);
  const registry = new Registry();
  const bad = { user: 'alice', vm: 'box-0' };
  const store = rig.storeWith({
    pairs: async () => [bad, ...(await rig.store.pairs())],
    verify: (at) =>
      at === bad ? Promise.reject(new EbbtideError('VAULT_FORBIDDEN', 'not this one')) : rig.store.verify(at),
  });
  const before = rig.engine();
  before.engine.take(key, record('wanted'));
  await rig.settled(before.engine, 'it to be made', () => before.written.length === 1);
  const { engine, written } = rig.engine({
    store,
    now: () => Date.now() + 3_600_000,
    metrics: createProvisionMetrics(registry, { waiting: () => 0, lying: () => 0 }),
  });
  await engine.sweep();
  assert.deepEqual([states(written), await rig.verifiers()], [['expired'], 0]);
  assert.match(await registry.metrics(), /ebbtide_provision_failures_total\{code="VAULT_FORBIDDEN"\} 1/);

  const away = rig.storeWith({
    pairs: async () => Array.from({ length: 100 }, (_, n) => ({ user: 'alice', vm: `box-${n}` })),
    verify: () => Promise.reject(new EbbtideError('VAULT_UNAVAILABLE', 'away')),
  });
  await assert.rejects(rig.engine({ store: away }).engine.sweep(), { code: 'VAULT_UNAVAILABLE' });
});
