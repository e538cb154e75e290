import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topics } from '../../schemas/topics.ts';
import {
  decide,
  effectOf,
  issueToken,
  kafkaRig,
  lifeS,
  opens,
  prepareVault,
  startRig,
  until,
} from '../infra/vault/rig.ts';
import { openBao, sealableOpenBao } from '../services/openbao.ts';

test('actuate must carry decisions out at Vault, one effect each', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const running = await startRig(t, vault, kafka);
  assert.equal(
    (await until('readiness', async () => ((await running.health()).ready ? running.health() : undefined))).ready,
    true,
  );

  await t.test('extends, shortens and revokes in the order of decisions', async () => {
    const { token, credential } = await issueToken(vault, { ttlS: 120 });
    await kafka.register(credential);
    const extend = decide(credential, 'extend', 600_000);
    await kafka.decide(extend);
    assert.equal((await effectOf(kafka, extend.decisionId)).outcome, 'enforced');
    assert.ok((await lifeS(vault, credential.reference))! > 300);
    const shorten = decide(credential, 'shorten', 60_000);
    const revoke = decide(credential, 'revoke');
    await kafka.decide(shorten);
    const shortened = await effectOf(kafka, shorten.decisionId);
    assert.deepEqual([shortened.outcome, shortened.status], ['enforced', 200], shortened.detail);
    assert.ok(shortened.remainingMs! <= 60_000);
    assert.equal(await opens(vault, token), true);
    await kafka.decide(revoke);
    assert.equal((await effectOf(kafka, revoke.decisionId)).outcome, 'enforced');
    assert.equal(await opens(vault, token), false);
    await until('the register to say that it has ended', () =>
      kafka.credentials.some(
        ({ credentialId, status }) => credentialId === credential.credentialId && status === 'ended',
      ),
    );
    const late = decide(credential, 'extend', 600_000);
    await kafka.decide(late);
    assert.equal((await effectOf(kafka, late.decisionId)).skipped, 'superseded');
  });

  await t.test('a decision that is delivered again has one effect', async () => {
    const { credential } = await issueToken(vault);
    await kafka.register(credential);
    const first = decide(credential, 'shorten', 60_000);
    const last = decide(credential, 'extend', 120_000);
    await kafka.decide(first, first);
    await effectOf(kafka, first.decisionId);
    await kafka.decide(first, last);
    await effectOf(kafka, last.decisionId);
    assert.equal(kafka.effects.filter(({ decisionId }) => decisionId === first.decisionId).length, 1);
  });

  await t.test('an older decision that comes after a newer one is skipped, and a revocation never is', async () => {
    const { credential } = await issueToken(vault);
    await kafka.register(credential);
    const older = decide(credential, 'extend', 900_000);
    const oldRevoke = decide(credential, 'revoke');
    const newer = decide(credential, 'shorten', 60_000);
    await kafka.decide(newer);
    await effectOf(kafka, newer.decisionId);
    await kafka.decide(older);
    assert.equal((await effectOf(kafka, older.decisionId)).skipped, 'superseded');
    assert.ok((await lifeS(vault, credential.reference))! <= 60);
    await kafka.decide(oldRevoke);
    assert.equal((await effectOf(kafka, oldRevoke.decisionId)).outcome, 'enforced');
  });

  await t.test('what must not be applied is skipped, each with its reason', async () => {
    const { credential } = await issueToken(vault);
    await kafka.register(credential);
    const cases = [
      [decide(credential, 'revoke', 0, { mode: 'shadow' }), 'shadow'],
      [decide(credential, 'revoke', 0, { withheld: 'strikes' }), 'withheld'],
      [decide(credential, 'revoke', 0, { deadline: Date.now() - 1 }), 'late'],
      [decide({ ...credential, credentialId: 'nobody' }, 'revoke'), 'unregistered'],
    ] as const;
    await kafka.decide(...cases.map(([decision]) => decision));
    for (const [decision, reason] of cases) {
      const effect = await effectOf(kafka, decision.decisionId);
      assert.deepEqual([effect.outcome, effect.skipped, effect.status], ['skipped', reason, 0]);
    }
    assert.ok((await lifeS(vault, credential.reference))! > 500);
  });

  await t.test('the kill switch, an exemption and the mode count at the moment of application', async () => {
    const { token, credential } = await issueToken(vault);
    await kafka.register(credential);
    for (const [kind, subject, value, off, reason] of [
      ['killSwitch', null, '{"on":true}', '{"on":false}', 'killSwitch'],
      ['mode', null, '{"mode":"shadow"}', '{"mode":"enforce"}', 'shadow'],
      ['exemption', credential.credentialId, '{"exempt":true}', '{"exempt":false}', 'withheld'],
    ] as const) {
      await kafka.control({ kind, subject, value });
      await until(`${kind} to count`, async () => {
        const revoke = decide(credential, 'shorten', 599_000);
        await kafka.decide(revoke);
        return (await effectOf(kafka, revoke.decisionId)).skipped === reason;
      });
      await kafka.control({ kind, subject, value: off });
    }
    assert.equal(await opens(vault, token), true);
    await until('everything to be allowed again', async () => {
      const revoke = decide(credential, 'revoke');
      await kafka.decide(revoke);
      return (await effectOf(kafka, revoke.decisionId)).outcome === 'enforced';
    });
  });

  await t.test('a record that is no decision becomes a dead letter and stops nothing', async () => {
    const letters = await kafka.seen<{ errorCode: string; value: Buffer }>(topics.deadLetters);
    await kafka.producer.send([
      { topic: topics.decisions.name, key: 'x', value: Buffer.from('no Avro at all') },
      { topic: topics.decisions.name, key: 'x', value: Buffer.from([0, 0, 0, 99, 99, 1, 2]) },
      { topic: topics.decisions.name, key: 'x', value: null },
    ]);
    await until('three dead letters', () => letters.length === 3);
    assert.deepEqual(letters.map(({ errorCode }) => errorCode).sort(), [
      'RECORD_MALFORMED',
      'RECORD_MALFORMED',
      'SCHEMA_UNKNOWN',
    ]);
    const { credential } = await issueToken(vault);
    await kafka.register(credential);
    const revoke = decide(credential, 'revoke');
    await kafka.decide(revoke);
    assert.equal((await effectOf(kafka, revoke.decisionId)).outcome, 'enforced');
  });

  await t.test('many credentials at once, each in its order', async () => {
    const issued = await Promise.all(Array.from({ length: 30 }, () => issueToken(vault)));
    await kafka.register(...issued.map(({ credential }) => credential));
    const rounds = [300_000, 200_000, 100_000];
    const decisions = rounds.map((ttl) => issued.map(({ credential }) => decide(credential, 'shorten', ttl)));
    for (const round of decisions) await kafka.decide(...round);
    for (const { decisionId } of decisions.flat()) await effectOf(kafka, decisionId);
    for (const { credential } of issued) assert.ok((await lifeS(vault, credential.reference))! <= 100);
  });

  await t.test('neither logs, effects nor metrics ever hold a token', async () => {
    const { token, credential } = await issueToken(vault);
    await kafka.register(credential);
    const revoke = decide(credential, 'revoke');
    await kafka.decide(revoke);
    await effectOf(kafka, revoke.decisionId);
    const said = [
      ...kafka.lines,
      JSON.stringify(kafka.effects),
      JSON.stringify(kafka.alerts),
      await running.context.metrics.metrics(),
    ].join('\n');
    assert.equal(said.includes(token), false);
    assert.doesNotMatch(said, /\b(hvs|s)\.[A-Za-z0-9]{20,}/);
    assert.match(said, /ebbtide_actuator_effects_total\{action="revoke",outcome="enforced",skipped=""\}/);
  });
});

test('actuate must keep decisions while Vault is sealed, stopped or frozen, and apply or recognise them after', async (t) => {
  const server = await sealableOpenBao(t);
  const vault = await prepareVault(t, server);
  const kafka = await kafkaRig(t);
  const running = await startRig(t, vault, kafka, { outageAlertMs: 200 });
  for (const [what, away, back] of [
    ['sealed', () => server.seal(), () => server.unseal()],
    ['frozen', async () => server.freeze(), async () => server.thaw()],
    ['stopped', () => server.stop(), () => server.start()],
  ] as const)
    await t.test(`while it is ${what}`, async () => {
      const { token, credential } = await issueToken(vault);
      await kafka.register(credential);
      await away();
      const tooLate = decide(credential, 'extend', 900_000, { deadline: Date.now() + 500 });
      const revoke = decide(credential, 'revoke');
      await kafka.decide(tooLate);
      await until('the decision to wait for Vault', async () =>
        (await running.context.metrics.metrics()).includes('ebbtide_actuator_vault_away 1'),
      );
      await kafka.decide(revoke);
      await until('health to say so', async () => !(await running.health()).ready);
      await until('an alert', () => kafka.alerts.some(({ kind }) => kind === 'vaultUnavailable'));
      // Nothing is carried out; that a decision has become too late may be seen meanwhile, as Vault comes and goes in sealing
      const carriedOut = kafka.effects.filter(
        ({ subject, skipped }) => subject === credential.credentialId && skipped !== 'late',
      );
      assert.deepEqual(carriedOut, []);
      await until('the deadline to pass', () => Date.now() > tooLate.deadline!);
      await back();
      // Read together with the revocation it is overtaken by it, read before that it is too late
      assert.match((await effectOf(kafka, tooLate.decisionId)).skipped, /^(late|superseded)$/);
      const effect = await effectOf(kafka, revoke.decisionId);
      assert.equal(effect.outcome, 'enforced', effect.detail);
      assert.equal(await opens(vault, token), false);
      kafka.alerts.length = 0;
    });
});

test('actuate must write one effect for a decision whose effect was lost between Vault and Kafka, or written before a restart', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const { credential } = await issueToken(vault);
  const other = await issueToken(vault);
  await kafka.register(credential, other.credential);
  const revoke = decide(credential, 'revoke');
  const shorten = decide(other.credential, 'shorten', 60_000);
  const first = await startRig(t, vault, kafka);
  await kafka.decide(shorten);
  await effectOf(kafka, shorten.decisionId);
  await first.close();
  // As if it had been killed after Vault's answer: revoked at Vault, nothing written, nothing committed
  await vault.root.write('auth/token/revoke-accessor', { accessor: credential.reference });
  await kafka.decide(revoke, shorten);
  await startRig(t, vault, kafka);
  const effect = await effectOf(kafka, revoke.decisionId);
  assert.equal(effect.outcome, 'enforced');
  const marker = decide(other.credential, 'revoke');
  await kafka.decide(marker);
  await effectOf(kafka, marker.decisionId);
  for (const { decisionId } of [revoke, shorten])
    assert.equal(kafka.effects.filter((found) => found.decisionId === decisionId).length, 1);
});

test('actuate must find a credential that extended itself, shorten it again, and revoke it when it goes on', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  await startRig(t, vault, kafka, { watch: { firstMs: 100, maxMs: 300, toleranceMs: 1_500, reviveLimit: 3 } as never });
  const { token, credential } = await issueToken(vault, { role: '', body: { policies: ['default'] } });
  await kafka.register(credential);
  const shorten = decide(credential, 'shorten', 60_000);
  await kafka.decide(shorten);
  assert.equal((await effectOf(kafka, shorten.decisionId)).outcome, 'advisory');
  for (const n of [1, 2, 3]) {
    const response = await fetch(`${vault.address}/v1/auth/token/renew-self`, {
      method: 'POST',
      headers: { 'X-Vault-Token': token },
      body: '{"increment":"1h"}',
    });
    assert.equal(response.status, 200);
    const effect = await effectOf(kafka, `reconcile/${credential.credentialId}/${n}`);
    assert.match(effect.detail, /extended itself/);
    if (n < 3) {
      assert.equal(effect.outcome, 'advisory');
      assert.ok((await lifeS(vault, credential.reference))! <= 60);
    } else assert.deepEqual([effect.action, effect.outcome], ['revoke', 'enforced']);
  }
  assert.equal(await lifeS(vault, credential.reference), undefined);
  await until('an alert', () => kafka.alerts.some(({ kind }) => kind === 'reviving'));
});

test('actuate must lose no decision when Vault limits the rate', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  await startRig(t, vault, kafka);
  const issued = await Promise.all(Array.from({ length: 12 }, () => issueToken(vault)));
  await kafka.register(...issued.map(({ credential }) => credential));
  await vault.root.write('sys/quotas/rate-limit/test', { path: 'auth/token/revoke-accessor', rate: 2, interval: '1s' });
  const decisions = issued.map(({ credential }) => decide(credential, 'revoke'));
  await kafka.decide(...decisions);
  const effects = await Promise.all(decisions.map(({ decisionId }) => effectOf(kafka, decisionId)));
  assert.ok(effects.every(({ outcome }) => outcome === 'enforced'));
  assert.ok(
    effects.some(({ attempts }) => attempts > 1),
    'the quota must have been met',
  );
});

test('actuate must stop harsh actions beyond its budget and say so', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  await startRig(t, vault, kafka, { harshBudget: { actions: 2, perMs: 3_600_000 } });
  const issued = await Promise.all(Array.from({ length: 4 }, () => issueToken(vault)));
  await kafka.register(...issued.map(({ credential }) => credential));
  const decisions = issued.map(({ credential }) => decide(credential, 'revoke'));
  await kafka.decide(...decisions);
  const effects = await Promise.all(decisions.map(({ decisionId }) => effectOf(kafka, decisionId)));
  assert.equal(effects.filter(({ outcome }) => outcome === 'enforced').length, 2);
  assert.equal(effects.filter(({ skipped }) => skipped === 'budget').length, 2);
  await until('alerts', () => kafka.alerts.filter(({ kind }) => kind === 'budgetExhausted').length === 2);
});
