import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type Way, wayOf } from '../../../models/biometric/ways.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRig, prepareVault } from '../../vault/rig.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, startHost, typist } from './rig.ts';

/** A batch of what somebody does after signing in. */
const workOf = (way: Way, session: string, stretches: number, sentAt = Date.now()): string => {
  const batch = JSON.parse(batchOf([], { session, sentAt })) as { bursts: object[] };
  const of = (modality: string, specification: string, features: object) => ({ modality, specification, features });
  for (let i = 0; i < stretches; i++)
    batch.bursts.push(
      of('keystroke', 'typing', way.typing()),
      of('scroll', 'scrolling', way.scrolling()),
      of('touch', 'gesture', way.gesture()),
      of('application', 'attention', way.attention()),
    );
  const { length } = batch.bursts;
  batch.bursts = batch.bursts.map((burst, i) => ({ ...burst, time: sentAt - 10 * (length - i) }));
  return JSON.stringify(batch);
};

test('free typing, scrolling, touch and attention are learned after signing in, from whom it may be', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const keyhost = { sessionLearning: { everyMs: 0 }, enrolments: { touch: 10, application: 10 } };
  const host = await startHost(t, vault, kafka.context(), { keyhost });
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const anna = typist(0.25, 3);
  const signIn = async (body: object = {}, user = 'anna@example', count = 3) => {
    const batch = batchOf(
      Array.from({ length: count }, () => anna()),
      { session: randomUUID() },
    );
    const request = { requestId: randomUUID(), user, csr, batch, ...body };
    const answer = await ask(host.address, identity, 'POST', '/v1/authentications', request);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body as typeof answer.body & {
      readonly parts: Record<string, number>;
      readonly enrolled: Record<string, number>;
    };
  };
  const work = async (credentialId: string, way: Way, stretches = 6, session = randomUUID()) => {
    const path = `/v1/keys/${credentialId}/behaviour`;
    const { status, body } = await ask(host.address, identity, 'POST', path, {
      batch: workOf(way, session, stretches),
    });
    assert.equal(status, 202, JSON.stringify(body));
  };
  const owner = wayOf(1);
  const begun = await signIn({ strong: true }, undefined, 30);
  for (let i = 0; i < 5; i++) await work(begun.credentialId, owner);
  const own = await signIn();
  assert.deepEqual(
    own.enrolled,
    { keystroke: 30, typing: 12, scroll: 12, touch: 12, application: 12 },
    'two batches, and no more',
  );
  assert.ok(own.risk <= 0.2, `${own.risk}`);

  await t.test('each has its say at a sign-in that holds it', async () => {
    const { bursts } = JSON.parse(workOf(owner, 'unused-session', 6)) as { bursts: object[] };
    const batch = JSON.parse(batchOf([anna(), anna(), anna()], { session: randomUUID() })) as { bursts: object[] };
    const { parts, reason } = await signIn({
      batch: JSON.stringify({ ...batch, bursts: [...bursts, ...batch.bursts] }),
    });
    assert.equal(reason, 'assessed');
    const names = ['application', 'keystroke', 'scroll', 'touch', 'typing'].map((name) => `${name}.statistical`);
    assert.deepEqual(Object.keys(parts).toSorted(), names);
  });

  await t.test(
    'alone, whatever weight an administrator gives it, it grants what the unknown get, and says so',
    async () => {
      const weights = { 'keystroke.statistical': 1, 'typing.statistical': 100, 'scroll.statistical': 0 };
      const other = await startHost(t, vault, kafka.context(), { keyhost: { ...keyhost, weights } });
      const present = async (bursts: object[]) => {
        const batch = { ...JSON.parse(batchOf([], { session: randomUUID() })), bursts };
        const request = { requestId: randomUUID(), user: 'anna@example', csr, batch: JSON.stringify(batch) };
        const { status, body } = await ask(other.address, identity, 'POST', '/v1/authentications', request);
        assert.equal(status, 201, JSON.stringify(body));
        return body as typeof body & { parts: Record<string, number>; uncalibrated: string[] };
      };
      const { bursts } = JSON.parse(workOf(owner, 'unused', 6)) as { bursts: { specification: string }[] };
      const alone = await present(bursts.filter(({ specification }) => specification === 'typing'));
      assert.deepEqual([alone.reason, Object.keys(alone.parts)], ['assessed', ['typing.statistical']]);
      assert.deepEqual(alone.uncalibrated, ['typing.statistical']);
      assert.ok(alone.lifespanMs <= 3_600_000, `${alone.lifespanMs}`);
      const silenced = await present(bursts.filter(({ specification }) => specification === 'scrolling'));
      assert.deepEqual([silenced.reason, silenced.parts], ['unseen', {}]);
      await other.close();
    },
  );

  await t.test('a session of another, or after a weak sign-in, enrols nobody', async () => {
    const weak = await signIn({}, 'bert@example', 3);
    await work(weak.credentialId, wayOf(2), 8);
    assert.deepEqual((await signIn({ strong: true }, 'bert@example')).enrolled, {});
  });

  await t.test('nor does one that began with a recording, whatever else its user showed', async () => {
    const batch = batchOf(Array.from({ length: 12 }, anna), { session: randomUUID() });
    await signIn({ strong: true, batch }, 'dora@example');
    const { credentialId, reason } = await signIn({ strong: true, batch }, 'dora@example');
    assert.equal(reason, 'forged');
    await work(credentialId, wayOf(4));
    assert.deepEqual((await signIn({}, 'dora@example')).enrolled, { keystroke: 12 });
  });

  await t.test('what a script makes teaches nothing', async () => {
    const { credentialId } = await signIn({ strong: true }, 'cara@example', 12);
    const constant = { ...owner, typing: () => ({ ...owner.typing(), 'hold.spread': 0, 'downDown.spread': 0 }) };
    await work(credentialId, constant, 6);
    assert.deepEqual((await signIn({}, 'cara@example')).enrolled, { keystroke: 12 });
  });
});
