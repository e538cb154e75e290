import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { keylifeConfigSchema } from '../../../../infra/jobs/config.ts';
import { startKeylife } from '../../../../infra/jobs/keylife.ts';
import { connectKafka } from '../../../../infra/kafka/connect.ts';
import { CertificateKind } from '../../../../infra/vault/kinds/certificate.ts';
import type { Alert, BiometricTelemetry, Decision, Score } from '../../../../schemas/generated/index.ts';
import { keylifePolicySchema } from '../../../../schemas/keylifePolicy.ts';
import { topics } from '../../../../schemas/topics.ts';
import { privateKafka } from '../../../services/kafka.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRigAt, prepareVault, startRig, until } from '../../vault/rig.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, startHost, typist } from './rig.ts';

const hour = 3_600_000;

test('a key is cut class by class while another person works under it, and never stretched', async (t) => {
  if (!(await requireOrSkip(t, 'java', 'openbao'))) return;
  const broker = await privateKafka(t);
  const vault = await prepareVault(t, await openBao(t));
  const cluster = await connectKafka({ brokers: broker.brokers });
  t.after(() => cluster.close());
  await cluster.ensureTopics(2);
  const kafka = await kafkaRigAt(t, broker.brokers);
  const policy = { mode: 'enforce' };
  const host = await startHost(t, vault, kafka.context(), { policy });
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const post = (path: string, body: object) => ask(host.address, identity, 'POST', path, body);
  const signIn = (body: object) =>
    post('/v1/authentications', { requestId: randomUUID(), user: 'anna@example', csr, ...body });
  const anna = typist(0.25, 3);
  const mallory = typist(0.12, 17);
  const times = (count: number, of: typeof anna) => Array.from({ length: count }, () => of());

  for (let i = 0; i < 4; i++) await signIn({ batch: batchOf(times(20, anna)), strong: true });
  const { body: key } = await signIn({ batch: batchOf(times(3, anna)) });
  assert.ok(key.lifespanMs >= 5.9 * hour, JSON.stringify(key));

  const start = () =>
    startKeylife(
      kafka.context(),
      cluster.cluster,
      keylifeConfigSchema.parse({ groupId: 'keylife-test', instanceId: 'one', clockMs: 100 }),
      keylifePolicySchema.parse(policy),
      vault.configs.keylife,
    );
  let pipeline = await start();
  const actuator = await startRig(t, vault, kafka);
  // Before the broker ends, which hooks end first
  let stopped: Promise<unknown> | undefined;
  const stop = () => (stopped ??= Promise.all([pipeline.close(), actuator.close(), host.close()]));
  t.after(stop);
  const written = await kafka.seen<Score>(topics.scores);
  // Those of sign-ins are of no burst
  const bursts = () => written.filter(({ samples }) => samples > 0);
  const decisions = await kafka.seen<Decision>(topics.decisions);
  const alerts = await kafka.seen<Alert>(topics.alerts);
  const telemetry = await kafka.seen<BiometricTelemetry>(topics.telemetryBiometric);
  await until('her baseline to be in force', () => telemetry.some(({ clock }) => clock && clock.baselinesOffset > 0));
  const type = async (credentialId: string, of: typeof anna, count = 1) => {
    const before = bursts().length;
    const { status, body } = await post(`/v1/keys/${credentialId}/behaviour`, { batch: batchOf(times(count, of)) });
    assert.deepEqual([status, body.accepted], [202, count], JSON.stringify(body));
    await until('scores', () => bursts().length >= before + count);
    return bursts()[before + count - 1]!;
  };

  await t.test('her own typing changes nothing', async () => {
    const { subject, risk } = await type(key.credentialId, anna, 3);
    assert.equal(subject, key.credentialId);
    assert.ok(risk < 20, `risk ${risk}`);
    assert.deepEqual(decisions, []);
  });

  await t.test('what the pipeline knew is there after a restart, and nothing is written twice', async () => {
    await pipeline.close();
    pipeline = await start();
    const { risk } = await type(key.credentialId, anna);
    assert.ok(risk < 20, `risk ${risk}`);
    assert.equal(bursts().length, 4);
  });

  let current = key;
  await t.test('a stranger’s typing cuts it; the certificate is revoked, and another ends sooner', async () => {
    // All that is decided by then: nobody types on under a key that is cut
    const decided = async () => (await kafka.seen<Decision>(topics.decisions)).length > 0;
    for (let i = 0; i < 20 && !(await decided()); i++) await type(key.credentialId, mallory);
    const decision = await until('the decision', () => decisions[0]);
    assert.deepEqual(
      [decision.subject, decision.action, decision.mode, decision.withheld],
      [key.credentialId, 'revoke', 'enforce', ''],
    );
    assert.match(decision.reason, /Risk of the session 0\.\d+ after 1 of phrase/);
    const effect = await until('the effect', () =>
      kafka.effects.find(({ decisionId }) => decisionId === decision.decisionId),
    );
    assert.deepEqual([effect.action, effect.outcome], ['revoke', 'enforced']);
    const kind = new CertificateKind(vault.root, Date.now, 'pki-keys');
    assert.equal(await kind.lookup(key.serial), undefined, 'Vault has revoked it');
    await until('the alert', () =>
      alerts.find(({ kind, subject }) => kind === 'keyCut' && subject === key.credentialId),
    );
    const state = () => ask(host.address, identity, 'GET', `/v1/keys/${key.credentialId}`);
    await until('the key host knows', async () => (await state()).body.state === 'cut');
    const request = { requestId: randomUUID(), csr };
    const { status, body } = await post(`/v1/keys/${key.credentialId}/reissue`, request);
    assert.equal(status, 201, JSON.stringify(body));
    assert.ok(body.expiresAt < key.expiresAt);
    assert.equal(body.session, key.session);
    assert.deepEqual((await post(`/v1/keys/${key.credentialId}/reissue`, request)).body.serial, body.serial);
    assert.deepEqual(
      (await post(`/v1/keys/${body.credentialId}/reissue`, { requestId: randomUUID(), csr })).body.code,
      'not-cut',
    );
    const second = await post(`/v1/keys/${key.credentialId}/reissue`, { requestId: randomUUID(), csr });
    assert.deepEqual([second.status, second.body.code], [409, 'replaced']);
    current = body;
  });

  await t.test('it goes on under the new key, until the user must sign in again', async () => {
    const cuts = () => decisions.filter(({ subject }) => subject === current.credentialId);
    let last = await type(current.credentialId, mallory);
    assert.equal(last.subject, current.credentialId);
    for (let i = 0; i < 40 && last.risk <= 80; i++) last = await type(current.credentialId, mallory);
    assert.ok(last.risk > 80, `risk ${last.risk}`);
    await until('the last cut', () => cuts().some(({ risk }) => risk > 80));
    await until('the key host knows', async () => {
      const { body } = await ask(host.address, identity, 'GET', `/v1/keys/${current.credentialId}`);
      return body.risk > 0.8;
    });
    const { body } = await post(`/v1/keys/${current.credentialId}/reissue`, { requestId: randomUUID(), csr });
    assert.equal(body.code, 'authenticate-anew');
  });

  assert.equal(new Set(decisions.map(({ decisionId }) => decisionId)).size, decisions.length);
  const text = JSON.stringify([written, decisions, alerts]);
  assert.equal(text.includes('anna@'), false);
  await stop();
});
