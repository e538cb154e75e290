import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Claim, StoredSecret } from '../../../infra/provision/store.ts';
import { VaultSecretStore } from '../../../infra/provision/vaultStore.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { openBao } from '../../services/openbao.ts';
import { until } from '../vault/rig.ts';
import { provisionRig } from './rig.ts';

const facts = () => ({
  method: 'password' as const,
  reference: '',
  revocation: 'verifier-1',
  recipient: 'age1',
  mintedAt: Date.now(),
  expiresAt: Date.now() + 60_000,
});

test('VaultSecretStore', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  const told: StoredSecret[] = [];
  const onTampered = async (stored: StoredSecret) => void told.push(stored);
  const [one, other] = [await rig.store('provision', { onTampered }), await rig.store('delivery', { onTampered })];
  let number = 0;
  const pair = () => ({ user: 'alice', vm: `vm-${number++}` });
  const later = () => Date.now() + 30_000;
  const claimed = async (store: typeof one, at: ReturnType<typeof pair>, decisionId: string): Promise<Claim> => {
    const outcome = await store.claim(at, decisionId, later());
    assert.equal(outcome.kind, 'claimed');
    return (outcome as { claim: Claim }).claim;
  };
  const filled = async (at: ReturnType<typeof pair>, decisionId = 'd1', ttlMs = 60_000) =>
    one.put(await claimed(one, at, decisionId), 'sealed', facts(), ttlMs);

  /** A store, with something that happens before one of its writes, and after it where that is given back. */
  const intercepted = async (before: (path: string, body: object) => Promise<(() => Promise<void>) | undefined>) => {
    const options = { service: 'test', log: pino({ level: 'silent' }) };
    const client = await VaultClient.connect(rig.vault.configs.delivery, options);
    t.after(() => client.close());
    const write = client.write.bind(client);
    client.write = (async (path: string, body: object, ...rest: []) => {
      const after = await before(path, body);
      const answer = await write(path, body, ...rest);
      await after?.();
      return answer;
    }) as typeof client.write;
    return new VaultSecretStore(client, 'ebbtide-provisions', { onTampered });
  };

  await t.test('claim must grant one of all who claim at once, in whatever process', async () => {
    const at = pair();
    const outcomes = await Promise.all([one, other, one, other].map((store) => store.claim(at, 'd1', later())));
    assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['claimed', 'held', 'held', 'held']);
  });

  await t.test(
    'claim must be granted again once it has run out or was given back, and to nobody else before',
    async () => {
      const at = pair();
      const first = await one.claim(at, 'd1', Date.now() + 1);
      assert.equal(first.kind, 'claimed');
      const claim = await until('the claim to run out', async () => {
        const outcome = await other.claim(at, 'd1', later());
        return outcome.kind === 'claimed' && outcome.claim;
      });
      assert.equal(
        await one.put((first as { claim: Claim }).claim, 'sealed', facts(), 60_000),
        undefined,
        'it was lost',
      );
      await rig.noneLies();
      await other.release(claim);
      await claimed(one, at, 'd1');
    },
  );

  await t.test('put, peek and take: once, to one of all who take at once', async () => {
    const at = pair();
    const stored = await filled(at);
    assert.deepEqual(await other.peek(at), stored);
    assert.equal(JSON.stringify(stored).includes('sealed'), false);
    const taken = await Promise.all([one, other, one, other].map((store) => store.take(at)));
    assert.deepEqual(
      taken.filter(Boolean).map((one) => one?.sealed),
      ['sealed'],
    );
    assert.equal(await other.peek(at), undefined);
    assert.deepEqual(await one.claim(at, 'd1', later()), { kind: 'done' }, 'a decision is carried out once');
    assert.equal((await one.claim(at, 'd2', later())).kind, 'claimed');
  });

  await t.test('take must say so where the secret has ended by its TTL', async () => {
    const at = pair();
    await filled(at, 'd1', 1_000);
    await rig.noneLies();
    const taken = await other.take(at);
    assert.equal(taken?.stored.decisionId, 'd1');
    assert.equal(taken?.sealed, undefined);
    assert.deepEqual(told, [], 'its time had come');
  });

  await t.test('a claim for a later decision must destroy what lay there', async () => {
    const at = pair();
    const before = await filled(at, 'd1');
    const claim = await claimed(other, at, 'd2');
    assert.deepEqual(claim.replaced, before);
    await rig.noneLies();
    assert.equal(await one.take(at), undefined);
  });

  await t.test('destroy must spare what it is told to, and end the rest once', async () => {
    const at = pair();
    await filled(at);
    assert.equal(await one.destroy(at, () => true), undefined);
    assert.equal((await other.peek(at))?.decisionId, 'd1');
    const gone = await Promise.all([one.destroy(at), other.destroy(at)]);
    assert.equal(gone.filter(Boolean).length, 1);
    await rig.noneLies();
    assert.equal(await one.take(at), undefined);
  });

  await t.test('destroy must raise no alarm where another one ends the same meanwhile', async () => {
    const at = pair();
    await filled(at);
    let between = 0;
    const late = await intercepted(async (path, body) => {
      const written = path.startsWith('ebbtide-provisions/data/pairs/') ? JSON.stringify(body) : '';
      // What it does next sees what the other one has done
      if (written.includes('"ending"')) return async () => void (++between && (await one.destroy(at)));
      return undefined;
    });
    await late.destroy(at);
    assert.equal(between, 1);
    assert.deepEqual(told, [], 'it was none but us');
    await rig.noneLies();
  });

  await t.test('destroy against take: either the secret is handed over, or it is destroyed', async () => {
    for (let round = 0; round < 8; round++) {
      const at = pair();
      await filled(at);
      const taking = sleep(round % 4).then(() => one.take(at));
      const [taken, gone] = await Promise.all([taking, other.destroy(at)]);
      assert.equal(Number(taken?.sealed !== undefined) + Number(gone !== undefined) <= 1, true, `round ${round}`);
      await rig.noneLies();
    }
  });

  await t.test('destroy must leave alone what is about to be unwrapped, and clean up what never was', async () => {
    const at = pair();
    await filled(at);
    const taker = await intercepted(async (path) => {
      if (path === 'sys/wrapping/unwrap') assert.equal(await one.destroy(at), undefined);
      return undefined;
    });
    assert.equal((await taker.take(at))?.sealed, 'sealed');
    assert.deepEqual(told, [], 'it was none but us');
    const later = await rig.store('provision', { now: () => Date.now() + 120_000, onTampered });
    const state = async () =>
      (await rig.vault.root.read<{ data: { state: string } }>(`ebbtide-provisions/data/pairs/alice/${at.vm}`)).data.data
        .state;
    assert.equal(await state(), 'taken');
    await later.destroy(at);
    assert.equal(await state(), 'gone');
    assert.deepEqual(told, []);
  });

  await t.test('pairs must name what was stored, of all users or of one', async () => {
    await filled({ user: 'bob@example.org', vm: 'vm-of-bob' });
    assert.deepEqual(await one.pairs('bob@example.org'), [{ user: 'bob@example.org', vm: 'vm-of-bob' }]);
    assert.deepEqual(await one.pairs('nobody'), []);
    assert.equal((await other.pairs()).length, number + 1);
  });

  await t.test('an older version of an entry must not give its wrapping token away', async () => {
    const at = pair();
    await filled(at);
    await one.take(at);
    for (const version of [1, 2])
      await assert.rejects(rig.vault.root.read(`ebbtide-provisions/data/pairs/alice/${at.vm}?version=${version}`), {
        code: 'VAULT_NOT_FOUND',
      });
  });

  await t.test('an entry that somebody else has written must count as none', async () => {
    const at = pair();
    await rig.vault.root.write(`ebbtide-provisions/data/pairs/alice/${at.vm}`, { data: { state: 'ready' } });
    assert.equal(await one.take(at), undefined);
    await claimed(one, at, 'd1');
  });

  const tokenOf = async (at: ReturnType<typeof pair>): Promise<string> => {
    const { data } = await rig.vault.root.read<{ data: { wrapping: string } }>(
      `ebbtide-provisions/data/pairs/alice/${at.vm}`,
    );
    return data.data.wrapping;
  };
  /** Somebody who has read a wrapping token uses it. */
  const unwrapped = async (at: ReturnType<typeof pair>) => {
    const token = await tokenOf(at);
    const { data } = await rig.vault.root.write<{ sealed: string }>('sys/wrapping/unwrap', {}, { token });
    assert.equal(data.sealed, 'sealed');
  };

  await t.test('nothing so far was tampered with', async () => {
    for (const at of await one.pairs()) assert.equal(await one.verify(at), true);
    assert.deepEqual(told, []);
  });

  await t.test('a wrapping token must unwrap once, tell nothing else, and live no longer than its secret', async () => {
    const at = pair();
    await filled(at, 'd1', 20_000);
    const token = await tokenOf(at);
    const { data } = await rig.vault.root.write<{ creation_path: string; creation_ttl: number }>(
      'sys/wrapping/lookup',
      { token },
    );
    assert.deepEqual([data.creation_path, data.creation_ttl], ['sys/wrapping/wrap', 20]);
    assert.equal((await other.take(at))?.sealed, 'sealed');
    await assert.rejects(rig.vault.root.write('sys/wrapping/unwrap', {}, { token }));
    await rig.noneLies();
  });

  for (const [how, work] of [
    ['taken', async (at: ReturnType<typeof pair>) => assert.equal((await other.take(at))?.sealed, undefined)],
    ['destroyed', async (at: ReturnType<typeof pair>) => assert.equal((await one.destroy(at))?.decisionId, 'd1')],
    [
      'replaced',
      async (at: ReturnType<typeof pair>) =>
        assert.equal((await claimed(one, at, 'd2')).replaced?.decisionId, 'd1', 'its credential is to be ended'),
    ],
    [
      'looked for',
      async (at: ReturnType<typeof pair>) => {
        assert.deepEqual([await one.verify(at), await other.verify(at)], [false, true], 'told once');
        assert.equal(await other.take(at), undefined);
        assert.equal((await one.destroy(at))?.decisionId, 'd1');
      },
    ],
  ] as const)
    await t.test(`what somebody else has unwrapped must be told of when it is ${how}`, async () => {
      const at = pair();
      await filled(at);
      await unwrapped(at);
      told.length = 0;
      await work(at);
      assert.deepEqual(
        told.map(({ pair }) => pair),
        [at],
      );
      assert.equal(await one.take(at), undefined);
      await one.destroy(at);
      assert.equal(told.length, 1, 'once');
    });

  await t.test('what was put in the place of a secret must not be handed over', async () => {
    const foreign = async (content: object, path = 'sys/wrapping/wrap') => {
      const at = pair();
      await filled(at);
      const { wrap_info } = await rig.vault.root.write(path, content, { wrapTtlS: 60 });
      const { data } = await rig.vault.root.read<{ data: object }>(`ebbtide-provisions/data/pairs/alice/${at.vm}`);
      await rig.vault.root.write(`ebbtide-provisions/data/pairs/alice/${at.vm}`, {
        data: { ...data.data, wrapping: wrap_info?.token },
      });
      told.length = 0;
      assert.equal((await other.take(at))?.sealed, undefined);
      assert.equal(told.length, 1);
    };
    await foreign({ sealed: 'theirs', pair: 'alice/another', decisionId: 'd1' });
    await foreign({ sealed: 'theirs' });
    await foreign({ policies: ['default'], ttl: '60s' }, 'auth/token/create');
  });
});
