import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateIdentity, open } from '../../../infra/provision/sealing.ts';
import type { Decision, Machine, Score } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { openBao } from '../../services/openbao.ts';
import { row } from '../services/gateway/stage.ts';
import { decide, issueToken, until } from '../vault/rig.ts';
import { movableClock, provisionRig } from './rig.ts';

test('who may not have a credential gets none, and is told why', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  const alice = await rig.user('alice');
  const bob = await rig.token('bob');
  await rig.engine({ alertAfter: 2 });
  const delivery = await rig.delivery();
  const refused = async (promise: ReturnType<typeof delivery.get>, status: number, code: string) => {
    const { body, ...answer } = await promise;
    assert.deepEqual([answer.status, body.code], [status, code], JSON.stringify(body));
    return String(body.detail);
  };
  const alert = (kind: string, subject: string) =>
    until(`alert ${kind}`, () => rig.kafka.alerts.find((one) => one.kind === kind && one.subject === subject));

  await t.test('a user who is unknown, or a token that names none', async () => {
    await refused(delivery.get('web-1', null), 401, 'unauthenticated');
    await refused(delivery.get('web-1', 'hvs.nobody'), 401, 'unauthenticated');
    // Whoever may make tokens may write any name into their metadata
    const { auth } = await rig.vault.root.write('auth/token/create', { meta: { username: 'alice' } });
    await refused(delivery.get('web-1', auth!.client_token), 401, 'unauthenticated');
    const login = { method: 'userpass', username: 'alice', password: 'wrong' };
    await refused(delivery.get('web-1', null, { auth: login }), 401, 'unauthenticated');
    const right = await delivery.get('web-1', null, { auth: { ...login, password: 'alice-password' } });
    assert.equal(right.status, 200, JSON.stringify(right.body));
  });

  await t.test('a machine that is unknown, or is another user’s, or is no name', async () => {
    assert.match(await refused(delivery.get('mail-1', alice.token), 404, 'not-found'), /No machine "mail-1"/);
    await refused(delivery.get('admin-1', alice.token), 403, 'forbidden');
    await refused(delivery.get('..%2fweb-1', alice.token), 400, 'request-invalid');
    await rig.want('alice', 'mail-1');
    assert.match((await rig.step('alice/mail-1', 'failed')).lastError, /NOT_FOUND: No machine/);
    await rig.want('alice', '../web-1');
    assert.match((await rig.step('alice/../web-1', 'failed')).lastError, /REQUEST_INVALID/);
  });

  await t.test('a user without a public key: not prepared, refused, or sealed to what the request brings', async () => {
    await rig.want('bob', 'web-1');
    assert.match((await rig.step('bob/web-1', 'failed')).lastError, /no public key.*credential enrol/);
    await refused(delivery.get('web-1', bob), 409, 'public-key-missing');
    await refused(delivery.get('web-1', bob, { recipient: 'age1nonsense' }), 400, 'request-invalid');
    const { identity, recipient } = await generateIdentity();
    const { body } = await delivery.get('web-1', bob, { recipient });
    assert.equal(body.served, 'generated');
    assert.match(await open(String(body.sealed), identity), /"user":"bob"/);
    await rig.want('bob', 'web-1', { decisionId: 'second' });
    const failed = await rig.step('bob/web-1', 'failed', ({ decisionId }) => decisionId === 'second');
    assert.equal(failed.attempts, 2);
    assert.match((await alert('provisionFailing', 'bob/web-1')).summary, /failed 2 times in a row.*no public key/);
    await alert('noticeDelay', 'bob');
  });

  await t.test('a wrong key: what was prepared is destroyed, and made anew for the right one', async () => {
    await rig.want('alice', 'box-1');
    await rig.step('alice/box-1', 'preProvisioned');
    const { identity, recipient } = await generateIdentity();
    const { body } = await delivery.get('box-1', alice.token, { recipient });
    assert.equal(body.served, 'refreshed');
    await assert.rejects(alice.open(body.sealed), { code: 'UNAUTHENTICATED' });
    assert.match(await open(String(body.sealed), identity), /"password"/);
    await rig.noneLies();
  });

  await t.test('a key that was changed: what was sealed to the old one is destroyed, and the user told', async () => {
    await rig.want('alice', 'box-2');
    await rig.step('alice/box-2', 'preProvisioned');
    const { recipient } = await generateIdentity();
    assert.equal((await delivery.call('PUT', '/v1/keys', alice.token, { recipient })).status, 204);
    await rig.step('alice/box-2', 'destroyed');
    await rig.noneLies();
    await alert('keyChanged', 'alice');
    await delivery.call('PUT', '/v1/keys', alice.token, { recipient: alice.recipient });
  });

  await t.test('a request that is replayed', async () => {
    const headers = { 'idempotency-key': 'once' };
    assert.equal((await delivery.get('web-1', alice.token, undefined, headers)).status, 200);
    await refused(delivery.get('web-1', alice.token, undefined, headers), 409, 'request-replayed');
  });

  await t.test('a machine that was archived after a credential had been prepared', async () => {
    await rig.want('alice', 'web-9');
    await rig.step('alice/web-9', 'preProvisioned');
    await rig.machine('web-9', 'archived');
    const gone = await until('the archiving to be known', async () => {
      const answer = await delivery.call('GET', '/v1/credentials/web-9', alice.token);
      return answer.status === 410 && answer;
    });
    assert.equal(gone.body.code, 'vm-archived');
    await rig.step('alice/web-9', 'destroyed');
    await rig.noneLies();
    await refused(delivery.get('web-9', alice.token), 410, 'vm-archived');
    await rig.want('alice', 'web-9', { decisionId: 'later' });
    const failed = await rig.step('alice/web-9', 'failed', ({ decisionId }) => decisionId === 'later');
    assert.match(failed.lastError, /archived/);
  });

  await t.test('a machine of whose archiving only topic machines tells any more', async () => {
    await rig.kafka.send<Machine>(topics.machines, {
      vm: 'web-8',
      state: 'archived',
      at: Date.now() - 30 * 86_400_000,
    });
    await until('it to be known', async () => (await delivery.get('web-8', alice.token)).status === 410);
    await rig.machine('web-8', 'running');
    await until('it to be back', async () => (await delivery.get('web-8', alice.token)).status === 200);
  });

  await t.test('a user whose risk is high, at mint and at hand-over', async () => {
    const carol = await rig.user('carol');
    await rig.want('carol', 'web-1');
    await rig.step('carol/web-1', 'preProvisioned');
    await rig.kafka.send<Partial<Score>>(topics.scores, {
      subject: 'carol',
      pipeline: 'biometric',
      windowStart: Date.now(),
      windowEnd: Date.now(),
      samples: 1,
      score: 0.9,
      risk: 90,
      severity: 1,
      frequency: 1,
      pValue: 0,
      statistic: 9,
      learning: false,
      contributions: [],
      modelVersion: '1',
      role: 'champion',
    });
    const status = () => delivery.call('GET', '/v1/credentials/web-1', carol.token);
    await until('the risk to be known', async () => (await status()).status === 403);
    await refused(delivery.get('web-1', carol.token), 403, 'risk-too-high');
    await rig.step('carol/web-1', 'destroyed');
    await rig.noneLies();
    await rig.want('carol', 'web-2');
    const failed = await rig.step('carol/web-2', 'failed');
    assert.deepEqual([failed.risk, /above 60/.test(failed.lastError)], [90, true]);
    await alert('provisionRefused', 'carol/web-2');
  });

  await t.test('a user whose credential at Vault or at the gateway is a risk, at mint and at hand-over', async () => {
    const dora = await rig.user('dora');
    await rig.want('dora', 'web-1');
    await rig.step('dora/web-1', 'preProvisioned');
    const { credential } = await issueToken(rig.vault, { credential: { function: 'dora' } });
    await rig.kafka.register(credential);
    await rig.kafka.decide(decide(credential, 'shorten', 60_000, { risk: 90 }));
    const status = async (user: { token: string }) =>
      (await delivery.call('GET', '/v1/credentials/web-1', user.token)).status;
    await until('the risk to be known', async () => (await status(dora)) === 403);
    await refused(delivery.get('web-1', dora.token), 403, 'risk-too-high');
    await rig.step('dora/web-1', 'destroyed');
    await rig.want('dora', 'web-2', { decisionId: 'risky' });
    const failed = await rig.step('dora/web-2', 'failed', ({ decisionId }) => decisionId === 'risky');
    assert.match(failed.lastError, /Risk of "dora" is 90/);

    const erik = await rig.user('erik');
    await rig.kafka.send(topics.translations, row('key-of-erik', 'orders', { owner: 'erik' }));
    const { credential: frontend } = { credential: { ...credential, credentialId: 'key-of-erik' } };
    await rig.kafka.decide(decide(frontend, 'narrow', 0, { pipeline: 'scope', newScope: 'blocked', risk: 95 }));
    await until('the risk to be known', async () => (await status(erik)) === 403);
    await rig.want('erik', 'web-2');
    assert.match((await rig.step('erik/web-2', 'failed')).lastError, /Risk of "erik" is 95/);
  });

  await t.test('a user who is to be revoked, until a milder decision', async () => {
    const dave = await rig.user('dave');
    const decision = (action: Decision['action'], decidedAt: number): Decision => ({
      decisionId: `scope/dave/${decidedAt}`,
      subject: 'dave',
      pipeline: 'scope',
      action,
      mode: 'enforce',
      withheld: '',
      oldTtlMs: 0,
      newTtlMs: 0,
      oldScope: '',
      newScope: '',
      reason: 'a test wants it',
      score: 0,
      risk: 0,
      severity: 0,
      frequency: 0,
      features: [],
      strikes: 0,
      policyVersion: '',
      modelVersion: '',
      windowEnd: decidedAt,
      decidedAt,
      deadline: null,
    });
    const now = Date.now();
    await rig.kafka.decide(decision('revoke', now));
    await until('the refusal', async () => (await delivery.get('web-1', dave.token)).status === 403);
    await rig.kafka.decide(decision('widen', now + 1));
    await until('the grace', async () => (await delivery.get('web-1', dave.token)).status === 200);
  });
});

test('a user must be told of a refresh that is scheduled, and of one that was done', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  await rig.user('alice');
  await rig.engine();
  await rig.want('alice', 'web-1');
  await rig.step('alice/web-1', 'preProvisioned');
  const start = Date.now() + 120_000;
  await rig.want('alice', 'web-1', { decisionId: 'next', windowStart: start, windowEnd: start + 60_000 });
  const notice = (summary: RegExp) =>
    until(`notice ${summary}`, () =>
      rig.kafka.alerts.find(
        (one) => one.kind === 'noticeRefresh' && one.subject === 'alice' && summary.test(one.summary),
      ),
    );
  await notice(/^Your credential for web-1 is made anew at /);
  await rig.want('alice', 'web-1', { decisionId: 'now' });
  await rig.step('alice/web-1', 'destroyed');
  await rig.step('alice/web-1', 'preProvisioned', ({ decisionId }) => decisionId === 'now');
  await notice(/was replaced by a new one/);
  assert.equal(await rig.lying(), 1);
});

test('two engines must prepare a pair once, and carry on for each other', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  await rig.user('alice');
  const first = await rig.engine();
  await rig.engine();
  for (let n = 0; n < 6; n++) await rig.want('alice', `web-${n}`);
  for (let n = 0; n < 6; n++) await rig.step(`alice/web-${n}`, 'preProvisioned');
  assert.equal(await rig.lying(), 6);
  const minted = rig.provisions.filter(({ state }) => state === 'preProvisioned').map(({ accessor }) => accessor);
  assert.deepEqual([minted.length, new Set(minted).size], [6, 6]);
  await first.close();
  await rig.want('alice', 'web-7');
  await rig.step('alice/web-7', 'preProvisioned');
});

test('what nobody asked for must be destroyed at the end of its window, whoever is there to do it', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  const alice = await rig.user('alice');

  await t.test('by an engine that was started after it had been prepared', async () => {
    const before = await rig.engine();
    await rig.want('alice', 'web-1', { windowEnd: Date.now() + 10_000 });
    const { mintedAt } = await rig.step('alice/web-1', 'preProvisioned');
    await before.close();
    const after = await rig.engine();
    const gone = await rig.step('alice/web-1', 'destroyed');
    assert.ok(gone.endedAt! > mintedAt!);
    await rig.noneLies();
    await after.close();
  });

  await t.test('by Vault, where there is no engine; what no record tells of is swept up', async () => {
    // As if an engine had been killed after it stored the secret and before it wrote its record
    const store = await rig.store();
    const pair = { user: 'alice', vm: 'web-2' };
    const outcome = await store.claim(pair, 'unrecorded', Date.now() + 10_000);
    assert.ok(outcome.kind === 'claimed');
    const [mintedAt, expiresAt] = [Date.now(), Date.now() + 8_000];
    const facts = { method: 'password', reference: '', revocation: '', recipient: alice.recipient } as const;
    await store.put(outcome.claim, 'sealed', { ...facts, mintedAt, expiresAt }, 8_000);
    assert.equal(await rig.lying(), 1);
    await rig.noneLies();
    const engine = await rig.engine({ sweepMs: 50 });
    const swept = await rig.step('alice/web-2', 'expired');
    assert.deepEqual([swept.decisionId, swept.mintedAt], ['unrecorded', mintedAt]);
    await engine.close();
  });

  await t.test('an engine that was killed before it could say so: another one says it', async () => {
    const store = await rig.store();
    await rig.want('alice', 'web-8', { decisionId: 'unsaid' });
    const outcome = await store.claim({ user: 'alice', vm: 'web-8' }, 'unsaid', Date.now() + 10_000);
    assert.ok(outcome.kind === 'claimed');
    const [mintedAt, expiresAt] = [Date.now(), Date.now() + 60_000];
    const facts = { method: 'password', reference: '', revocation: '', recipient: alice.recipient } as const;
    await store.put(outcome.claim, 'sealed', { ...facts, mintedAt, expiresAt }, 60_000);
    const engine = await rig.engine({ claimMs: 1_000 });
    assert.equal((await rig.step('alice/web-8', 'preProvisioned')).mintedAt, mintedAt);
    await store.destroy({ user: 'alice', vm: 'web-8' });
    await engine.close();
  });

  await t.test('at once, where it is no longer wanted', async () => {
    const engine = await rig.engine();
    await rig.want('alice', 'web-3');
    const { decisionId } = await rig.step('alice/web-3', 'preProvisioned');
    await rig.want('alice', 'web-3', { state: 'unwanted', decisionId });
    await rig.step('alice/web-3', 'destroyed');
    await rig.noneLies();
    await engine.close();
  });

  await t.test(
    'early where a clock jumps forward, in time where it jumps back; and the request is served',
    async () => {
      const clock = movableClock();
      const engine = await rig.engine({}, { now: clock.now });
      const delivery = await rig.delivery({}, { now: clock.now });
      await rig.want('alice', 'web-4', { windowEnd: Date.now() + 600_000 });
      await rig.step('alice/web-4', 'preProvisioned');
      clock.move(3_600_000);
      await rig.step('alice/web-4', 'destroyed');
      assert.equal((await delivery.get('web-4', alice.token)).body.served, 'generated');
      clock.move(-3_600_000);
      await rig.want('alice', 'web-5', { windowEnd: Date.now() + 10_000 });
      await rig.step('alice/web-5', 'preProvisioned');
      clock.move(-3_600_000);
      await rig.step('alice/web-5', 'destroyed');
      await rig.noneLies();
      await engine.close();
    },
  );

  await t.test('and refreshed where it is asked for when it has ended, or is about to', async () => {
    const engine = await rig.engine();
    const delivery = await rig.delivery({ minRemainingMs: 900_000 });
    await rig.want('alice', 'web-6');
    await rig.step('alice/web-6', 'preProvisioned');
    const { body } = await delivery.get('web-6', alice.token);
    assert.equal(body.served, 'refreshed');
    assert.equal((await rig.step('alice/web-6', 'delivered')).served, 'refreshed');
    await rig.noneLies();
    await engine.close();
  });
});

test('what somebody else has unwrapped is told to administrators, and its credential ended', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  const alice = await rig.user('alice');
  const unwrapped = async (vm: string) => {
    await rig.want('alice', vm);
    await rig.step(`alice/${vm}`, 'preProvisioned');
    const path = `ebbtide-provisions/data/pairs/alice/${vm}`;
    const { data } = await rig.vault.root.read<{ data: { wrapping: string } }>(path);
    await rig.vault.root.write('sys/wrapping/unwrap', {}, { token: data.data.wrapping });
  };
  const told = (vm: string) =>
    until(`an alert about ${vm}`, () =>
      rig.kafka.alerts.find(({ kind, subject }) => kind === 'provisionTampered' && subject === `alice/${vm}`),
    );
  const verifiers = (vm: string) =>
    rig.vault.root.list(`ebbtide-provisions/metadata/verifiers/${vm}/alice`).then(
      () => true,
      () => false,
    );

  await t.test('at the hand-over: the user gets a new one', async () => {
    const engine = await rig.engine();
    const delivery = await rig.delivery();
    await unwrapped('box-1');
    const { body } = await delivery.get('box-1', alice.token);
    assert.equal(body.served, 'refreshed');
    const alert = await told('box-1');
    assert.deepEqual([alert.severity, alert.pipeline], ['critical', 'provision']);
    assert.match(alert.summary, /unwrapped or revoked before its time/);
    await alice.open(body.sealed);
    await rig.step('alice/box-1', 'destroyed');
    await engine.close();
  });

  await t.test('before anybody asks: the engine looks', async () => {
    await rig.engine({ sweepMs: 1_000 });
    await unwrapped('box-2');
    assert.equal(await verifiers('box-2'), true);
    await told('box-2');
    await rig.step('alice/box-2', 'destroyed');
    await until('its verifier to be removed', async () => !(await verifiers('box-2')));
  });
});
