import assert from 'node:assert/strict';
import { randomUUID, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { Authentication, BiometricTelemetry } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRig, prepareVault, until } from '../../vault/rig.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, startHost, typist } from './rig.ts';

const hour = 3_600_000;
/** A batch of which each burst lies ten seconds before the one that it follows. */
const outOfOrder = (phrases: readonly Record<string, number>[]): string => {
  const batch = JSON.parse(batchOf(phrases, { session: 'out-of-order' })) as { sentAt: number; bursts: object[] };
  return JSON.stringify({
    ...batch,
    bursts: batch.bursts.map((burst, i) => ({ ...burst, time: batch.sentAt - 1_000 - i * 10_000 })),
  });
};
const minutes = (ms: number) => Math.round(ms / 60_000);

test('the key host learns a person, and gives keys that live as long as their behaviour allows', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const host = await startHost(t, vault, kafka.context());
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const signIn = (body: object, on = host) =>
    ask(on.address, identity, 'POST', '/v1/authentications', {
      requestId: randomUUID(),
      user: 'anna@example',
      csr,
      ...body,
    });
  const anna = typist(0.25, 3);
  const phrases = (count: number, of = anna) => Array.from({ length: count }, () => of());

  await t.test('nobody is learned without strong authentication; learning keys live an hour', async () => {
    const { status, body, protocol } = await signIn({ batch: batchOf(phrases(20)) });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(protocol, 'TLSv1.3');
    assert.deepEqual([body.reason, minutes(body.lifespanMs)], ['learning', 60]);
    for (let i = 0; i < 4; i++) {
      const { body } = await signIn({ batch: batchOf(phrases(10)), strong: true });
      assert.equal(body.reason, i === 0 ? 'learning' : 'assessed', JSON.stringify(body));
    }
  });

  let own: string;
  await t.test('the owner gets six hours and more, signed into a certificate that names the key', async () => {
    const { body } = await signIn({ batch: batchOf(phrases(3)) });
    assert.equal(body.reason, 'assessed');
    assert.ok(body.risk <= 0.5 && body.lifespanMs >= 5.9 * hour, JSON.stringify(body));
    const certificate = new X509Certificate(body.certificate);
    assert.equal(Date.parse(certificate.validTo), body.expiresAt, 'its end is the lifespan');
    // A verifier whose clock is a little behind takes it, too
    const early = body.expiresAt - body.lifespanMs - Date.parse(certificate.validFrom);
    assert.ok(early > 20_000 && early < 60_000, `valid from ${early} ms before its decision`);
    assert.match(certificate.subjectAltName!, new RegExp(`URI:ebbtide:key:${body.credentialId}`));
    assert.doesNotMatch(certificate.subject, /anna|ignored/);
    const registered = await until('the register', () =>
      kafka.credentials.find(({ credentialId }) => credentialId === body.credentialId),
    );
    assert.deepEqual(
      [registered.kind, registered.reference, registered.expiresAt, registered.mount],
      ['certificate', body.serial, body.expiresAt, 'pki-keys'],
    );
    own = body.credentialId;
    const { body: status } = await ask(host.address, identity, 'GET', `/v1/keys/${own}`);
    assert.equal(status.state, 'active');
  });

  await t.test('another person gets five minutes under her name', async () => {
    const { body } = await signIn({ batch: batchOf(phrases(3, typist(0.12, 17))) });
    assert.deepEqual([body.reason, minutes(body.lifespanMs)], ['assessed', 5], JSON.stringify(body));
  });

  await t.test('without consent nothing is kept, and the lifespan is the shortest', async () => {
    const { body } = await signIn({ user: 'bert@example' });
    assert.deepEqual([body.reason, minutes(body.lifespanMs), body.risk], ['noConsent', 5, 1]);
    const records = await kafka.seen<BiometricTelemetry>(topics.telemetryBiometric);
    await until('the session', () => records.find(({ issued }) => issued?.credentialId === body.credentialId));
    const { user } = records.find(({ issued }) => issued?.credentialId === body.credentialId)!;
    assert.equal(records.filter((one) => one.user === user && one.issued === null).length, 0);
    const behaviour = { batch: batchOf(phrases(1)) };
    const answer = await ask(host.address, identity, 'POST', `/v1/keys/${body.credentialId}/behaviour`, behaviour);
    assert.deepEqual([answer.status, answer.body.code], [403, 'no-consent']);
  });

  await t.test('what no person does earns the shortest lifespan, and says why', async () => {
    const phrase = anna();
    const constant = Object.fromEntries(
      Object.keys(phrase).map((name) => [name, name.startsWith('hold') ? 0.08 : name.startsWith('down') ? 0.2 : 0.12]),
    );
    const batch = batchOf(phrases(2));
    for (const [given, faults] of [
      [batchOf([constant]), ['constant']],
      [batchOf([{ ...phrase, 'hold.0': -1 }]), ['impossible', 'inconsistent']],
      [batchOf([{ ...phrase, 'upDown.1': phrase['upDown.1']! + 0.1 }]), ['inconsistent']],
      // Twenty times as fast as she types
      [batchOf([Object.fromEntries(Object.entries(phrase).map(([name, value]) => [name, value / 20]))]), ['tooFast']],
      // The second lies ten seconds before the first
      [outOfOrder(phrases(2)), ['disordered']],
    ] as const) {
      const { body } = await signIn({ batch: given });
      assert.deepEqual([body.reason, body.faults, minutes(body.lifespanMs)], ['forged', faults, 5]);
    }
    assert.equal((await signIn({ batch })).body.reason, 'assessed');
    const again = await signIn({ batch });
    assert.deepEqual(
      [again.body.reason, again.body.faults, minutes(again.body.lifespanMs)],
      ['forged', ['replayed'], 5],
    );
  });

  await t.test('what cannot be read is refused, in words that say what to do', async () => {
    for (const [body, status, code] of [
      [{ batch: '{"version":2}' }, 400, 'batch-invalid'],
      [{ batch: batchOf(Array.from({ length: 41 }, anna)) }, 400, 'batch-invalid'],
      [{ batch: `${batchOf([anna()])}${' '.repeat(300_000)}` }, 413, 'batch-too-large'],
      [{ batch: batchOf([anna()]).replace(/"time":\d+/, '"time":1000') }, 400, 'time-implausible'],
      [{ csr: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA' }, 400, 'csr-refused'],
      [{ enrol: true }, 400, 'request-invalid'],
      [{ requestId: 'short' }, 400, 'request-invalid'],
    ] as const) {
      const answer = await signIn(body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body));
      assert.ok(answer.body.detail.length > 10);
    }
  });

  await t.test(
    'a certificate request that is refused changes nothing: the same behaviour with a sound one is taken',
    async () => {
      const [bytes] = /(?<=-\n)[^-]+/.exec(csr)!;
      const cut = csr.replace(bytes, `${bytes.slice(0, 100)}\n`);
      for (const another of [true, false]) {
        const request = { requestId: randomUUID(), batch: batchOf(phrases(3)) };
        const refused = await signIn({ ...request, csr: cut });
        assert.deepEqual([refused.status, refused.body.code], [400, 'csr-refused']);
        const { status, body } = await signIn({ ...request, ...(another && { requestId: randomUUID() }) });
        assert.deepEqual([status, body.reason, body.faults], [201, 'assessed', []]);
      }
    },
  );

  await t.test('a browser whose clock is wrong by a day is none the worse for it', async () => {
    const { status, body } = await signIn({ batch: batchOf(phrases(3), { sentAt: Date.now() - 86_400_000 }) });
    assert.deepEqual([status, body.reason], [201, 'assessed']);
  });

  await t.test('repeating a request gives the same key, also of another process; changing it does not', async () => {
    const request = { requestId: randomUUID(), batch: batchOf(phrases(3)) };
    const { body: first } = await signIn(request);
    const { body: second } = await signIn(request);
    assert.deepEqual(second.certificate, first.certificate);
    const other = await signIn({ ...request, strong: true });
    assert.deepEqual([other.status, other.body.code], [409, 'request-id-used']);
    const next = await startHost(t, vault, kafka.context());
    const { body: third } = await signIn(request, next);
    assert.deepEqual([third.serial, third.expiresAt], [first.serial, first.expiresAt]);
    const batch = await signIn({ batch: request.batch }, next);
    assert.deepEqual(batch.body.faults, ['replayed'], 'after a restart too');
    await next.close();
  });

  await t.test('a key host that ended between decision and issue gives the decided end and no more', async () => {
    const request = { requestId: randomUUID(), batch: batchOf(phrases(3)) };
    const { body: first } = await signIn(request);
    const records = await kafka.seen<Authentication>(topics.authentications);
    const decided = await until('the decision', () =>
      records.find(({ requestId, serial }) => requestId === request.requestId && serial === ''),
    );
    // As a crash leaves it: the decision is there, and nothing of the issue
    const crashed = await kafkaRig(t);
    await crashed.send(topics.authentications, decided);
    const next = await startHost(t, vault, crashed.context());
    const { body: second } = await signIn(request, next);
    assert.equal(second.expiresAt, first.expiresAt);
    assert.equal(Date.parse(new X509Certificate(second.certificate).validTo), decided.expiresAt);
    assert.notEqual(second.serial, first.serial);
    await next.close();
  });

  await t.test('no log line and no record holds the user’s name', async () => {
    assert.equal(
      kafka.lines.some((line) => line.includes('anna@')),
      false,
    );
    const records = await kafka.seen<Authentication>(topics.authentications);
    await until('all', () => records.length > 20);
    assert.equal(JSON.stringify(records).includes('anna'), false);
    assert.ok(records.every(({ purpose }) => purpose === 'authentication'));
    assert.deepEqual([...new Set(records.map(({ consent, lawfulBasis }) => `${consent} ${lawfulBasis}`))].toSorted(), [
      'none ',
      'session consent',
    ]);
  });

  await t.test('a key is rotated at a set age, whatever the risk', async () => {
    const brief = await startHost(t, vault, kafka.context(), { policy: { rotateAfterMs: 2 * hour } });
    const { body } = await signIn({ batch: batchOf(phrases(3)) }, brief);
    assert.deepEqual([body.reason, minutes(body.lifespanMs)], ['assessed', 120]);
    await brief.close();
  });

  await t.test('a step-up is demanded above a threshold, and the same behaviour counts afterwards', async () => {
    const strict = await startHost(t, vault, kafka.context(), { keyhost: { stepUpAbove: 0.6 } });
    const batch = batchOf(phrases(3, typist(0.12, 21)));
    const refused = await signIn({ batch }, strict);
    assert.deepEqual([refused.status, refused.body.code], [401, 'step-up-required']);
    const { status, body } = await signIn({ batch, strong: true }, strict);
    assert.deepEqual([status, body.faults, minutes(body.lifespanMs)], [201, [], 5]);
    await strict.close();
  });
});
