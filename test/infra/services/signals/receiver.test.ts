import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { generateKeyPair, SignJWT } from 'jose';
import { controlRecord } from '../../../../schemas/control.ts';
import type { Alert, Decision, ScopeOverride, Signal } from '../../../../schemas/generated/index.ts';
import { signalsOverride } from '../../../../schemas/scopes.ts';
import { eventTypes } from '../../../../schemas/securityEvents.ts';
import { topics } from '../../../../schemas/topics.ts';
import { testContext, until } from '../../../services/context.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { row } from '../gateway/stage.ts';
import { audience, credentialOf, otherParty, pushTo, startService, tokenFile } from './rig.ts';

const rig = async (t: TestContext, receiver: object = {}) => {
  const context = await testContext(t);
  const party = await otherParty(t);
  await context.write(topics.credentials, [credentialOf('cred-1', { entityId: 'jane' }), credentialOf('cred-2')]);
  const folder = temporaryFolder(t);
  const { issuer, jwksUri } = party;
  const peer = {
    name: 'idp',
    issuer,
    jwksUri,
    pushTokenFile: tokenFile(t),
    allowHttp: true,
    allowPrivateAddress: true,
  };
  const config = { folder, receiver: { audience: [audience], transmitters: [peer], ...receiver } };
  const start = () => startService(t, context, config);
  return {
    ...{ context, party, start },
    decisions: await context.records<Decision>(topics.decisions),
    signals: await context.records<Signal>(topics.signals),
  };
};

test('a session that another party revoked must become a decision to revoke, in shadow unless told otherwise', async (t) => {
  const { party, start, decisions, signals } = await rig(t);
  const { address } = await start();
  assert.deepEqual(await pushTo(address, await party.sign({ jti: 'one' })), { status: 202, err: undefined });
  const decision = await until('the decision', () => decisions[0]);
  assert.equal(decision.subject, 'cred-1');
  assert.equal(decision.action, 'revoke');
  assert.equal(decision.mode, 'shadow');
  assert.equal(decision.pipeline, 'signals');
  assert.equal(decision.reason, 'https://idp.example.com reported session-revoked: Left');
  assert.equal(decision.windowEnd, 1_700_000_000_000);
  const signal = await until('the record', () => signals[0]);
  assert.deepEqual([signal.jti, signal.outcome, signal.credentials], ['one', 'decided', ['cred-1']]);
});

test('mode, exemptions and the kill switch of topic control must count for signals', async (t) => {
  const { context, party, start, decisions } = await rig(t, { mode: 'enforce' });
  const by = { by: 'test', reason: 'test' };
  await context.write(topics.control, [
    controlRecord({ kind: 'exemption', pipeline: 'signals', subject: 'cred-2', value: true, ...by }, 1),
  ]);
  const { address } = await start();
  const sub = (id: string) => ({ sub_id: { format: 'opaque', id } });
  await pushTo(address, await party.sign(sub('cred-1')));
  await pushTo(address, await party.sign(sub('cred-2')));
  await until('both decisions', () => decisions.length === 2);
  assert.deepEqual(decisions.map(({ subject, mode, withheld }) => [subject, mode, withheld]).sort(), [
    ['cred-1', 'enforce', ''],
    ['cred-2', 'enforce', 'exemption'],
  ]);
});

test('the same token again must do nothing, and another under its jti be refused, over a restart too', async (t) => {
  const { party, start, decisions, signals } = await rig(t);
  const first = await start();
  const set = await party.sign({ jti: 'one' });
  const statuses = await Promise.all([1, 2, 3].map(() => pushTo(first.address, set)));
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [202, 202, 202],
  );
  await until('the record', () => signals.length === 1);
  await first.close();
  const second = await start();
  assert.equal((await pushTo(second.address, set)).status, 202);
  const other = await party.sign({ jti: 'one', sub_id: { format: 'opaque', id: 'cred-2' } });
  assert.deepEqual(await pushTo(second.address, other), { status: 400, err: 'invalid_request' });
  await pushTo(second.address, await party.sign({ sub_id: { format: 'opaque', id: 'cred-2' } }));
  await until('both decisions', () =>
    ['cred-1', 'cred-2'].every((id) => decisions.some(({ subject }) => subject === id)),
  );
  assert.equal(decisions.length, 2);
});

test('subjects must be mapped as configured, and what cannot be mapped must revoke nothing', async (t) => {
  const { party, start, decisions, signals } = await rig(t);
  const { address } = await start();
  const user = { format: 'iss_sub', iss: party.issuer, sub: 'jane' };
  const cases: [object, string[]][] = [
    [user, ['cred-1']],
    [{ format: 'complex', user, session: { format: 'opaque', id: 'cred-1' } }, ['cred-1']],
    [{ format: 'complex', user, session: { format: 'opaque', id: 'cred-2' } }, []],
    [{ format: 'complex', user, tenant: { format: 'opaque', id: 'x' } }, []],
    [{ format: 'iss_sub', iss: 'https://another.example', sub: 'jane' }, []],
    [{ format: 'email', email: 'nobody@example.com' }, []],
    [{ format: 'phone_number', phone_number: '+1' }, []],
  ];
  for (const [sub_id] of cases) assert.equal((await pushTo(address, await party.sign({ sub_id }))).status, 202);
  await until('all records', () => signals.length === cases.length);
  assert.deepEqual(signals.map(({ credentials }) => credentials).sort(), cases.map(([, ids]) => ids).sort());
  await until('their decisions', () => decisions.length >= 2);
  assert.equal(decisions.length, 2);
});

test('a session that stands in the translation table must be blocked for a while at gateways, as mode and exemptions say', async (t) => {
  for (const mode of ['shadow', 'enforce'] as const) {
    const { context, party, start, decisions, signals } = await rig(t, { mode, blockMs: 60_000 });
    const overrides = await context.records<ScopeOverride>(topics.scopeOverrides);
    await context.write(topics.translations, [
      row('mobile', 'orders'),
      row('mobile', 'bills'),
      row('spared', 'orders'),
    ]);
    const by = { by: 'test', reason: 'test' };
    await context.write(topics.control, [
      controlRecord({ kind: 'exemption', pipeline: 'signals', subject: 'spared', value: true, ...by }, 1),
    ]);
    const { address } = await start();
    for (const id of ['spared', 'mobile', 'nobody'])
      assert.equal((await pushTo(address, await party.sign({ sub_id: { format: 'opaque', id } }))).status, 202);
    await until('all records', () => signals.length === 3 && decisions.length === 2 && overrides.length === 1);
    const found = decisions.map(({ subject, action, newScope, withheld }) => [subject, action, newScope, withheld]);
    assert.deepEqual(found.sort(), [
      ['mobile', 'narrow', 'blocked', ''],
      ['spared', 'narrow', 'blocked', 'exemption'],
    ]);
    const [override] = overrides;
    const decision = decisions.find(({ subject }) => subject === 'mobile')!;
    assert.deepEqual(
      [override!.frontendCredential, override!.scope, override!.mode, override!.decisionId, override!.expiresAt],
      [`${signalsOverride}mobile`, 'blocked', mode, decision.decisionId, decision.decidedAt + 60_000],
    );
    const outcomes = Object.fromEntries(signals.map(({ subject, outcome }) => [subject, outcome]));
    assert.deepEqual(outcomes, { spared: 'decided', mobile: 'decided', nobody: 'unmapped' });
  }
});

test('a change of a credential must revoke where it was revoked or deleted, and else be noted', async (t) => {
  const { party, start, signals } = await rig(t);
  const { address } = await start();
  for (const change_type of ['create', 'update', 'revoke', 'delete']) {
    const events = { [eventTypes.credentialChange]: { credential_type: 'password', change_type } };
    await pushTo(address, await party.sign({ jti: change_type, events }));
  }
  await pushTo(address, await party.sign({ jti: 'other', events: { 'https://example.com/event': {} } }));
  await until('all records', () => signals.length === 5);
  assert.deepEqual(Object.fromEntries(signals.map(({ jti, outcome }) => [jti, outcome])), {
    create: 'noted',
    update: 'noted',
    revoke: 'decided',
    delete: 'decided',
    other: 'noted',
  });
});

test('what is forged, old, for somebody else or no token must be refused with its code, and decide nothing', async (t) => {
  const { context, party, start, decisions, signals } = await rig(t, { maxBytes: 4000 });
  const { address } = await start();
  const stranger = await generateKeyPair('RS256');
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const good = await party.sign();
  const tampered = `${good.split('.')[0]}.${encode(party.claims({ sub_id: { format: 'opaque', id: 'cred-2' } }))}.${good.split('.')[2]}`;
  const refused: [string, string, string][] = [
    ['signed by another key', await party.sign({}, {}, stranger.privateKey), 'invalid_key'],
    ['of a key that nobody has', await party.sign({}, { kid: 'k2' }), 'invalid_key'],
    ['tampered with', tampered, 'invalid_key'],
    ['alg none', `${encode({ alg: 'none', typ: 'secevent+jwt' })}.${encode(party.claims())}.`, 'invalid_key'],
    [
      'signed with a shared secret',
      await new SignJWT(party.claims())
        .setProtectedHeader({ alg: 'HS256', typ: 'secevent+jwt' })
        .sign(Buffer.alloc(32)),
      'invalid_key',
    ],
    ['of an unknown issuer', await party.sign({ iss: 'https://evil.example' }), 'invalid_issuer'],
    ['for another audience', await party.sign({ aud: 'https://another.example' }), 'invalid_audience'],
    ['without an audience', await party.sign({ aud: undefined }), 'invalid_request'],
    ['issued too long ago', await party.sign({ iat: now - 700_000 }), 'invalid_request'],
    ['issued in the future', await party.sign({ iat: now + 1000 }), 'invalid_request'],
    ['with an expiry', await party.sign({ exp: now + 1000 }), 'invalid_request'],
    ['expired', await party.sign({ exp: now - 1000 }), 'invalid_request'],
    ['with a sub', await party.sign({ sub: 'cred-1' }), 'invalid_request'],
    ['of another type', await party.sign({}, { typ: 'JWT' }), 'invalid_request'],
    ['with two events', await party.sign({ events: { a: {}, b: {} } }), 'invalid_request'],
    ['without events', await party.sign({ events: {} }), 'invalid_request'],
    ['without a subject', await party.sign({ sub_id: undefined }), 'invalid_request'],
    ['without an identifier', await party.sign({ jti: undefined }), 'invalid_request'],
    ['no token', 'rubbish', 'invalid_request'],
    ['nothing', '', 'invalid_request'],
  ];
  const alerts = await context.records<Alert>(topics.alerts);
  for (const [what, set, code] of refused)
    assert.deepEqual(await pushTo(address, set), { status: 400, err: code }, what);

  const large = await party.sign({ padding: 'x'.repeat(5000) });
  assert.deepEqual(await pushTo(address, large), { status: 413, err: 'invalid_request' });
  const wrong = await pushTo(address, good, { authorization: 'Bearer wrong-token-of-someone' });
  assert.deepEqual(wrong, { status: 401, err: 'authentication_failed' });
  const json = await pushTo(address, good, { 'content-type': 'application/json' });
  assert.deepEqual(json, { status: 415, err: 'invalid_request' });

  assert.equal((await pushTo(address, good)).status, 202);
  await until('the one good token', () => signals.length > 0 && decisions.length > 0);
  assert.deepEqual([signals.length, decisions.length], [1, 1]);
  await until('an alert of each grave refusal', () => alerts.length === 3);
  assert.deepEqual(alerts.map(({ kind, subject, alertId }) => [kind, subject, alertId.split('/')[2]]).sort(), [
    ['signalRefused', 'idp', 'invalid_audience'],
    ['signalRefused', 'idp', 'invalid_issuer'],
    ['signalRefused', 'idp', 'invalid_key'],
  ]);
});

test('while the keys of an issuer cannot be had its tokens must not be refused for good', async (t) => {
  const { context, party } = await rig(t);
  const peer = { name: 'idp', issuer: party.issuer, jwksUri: 'http://127.0.0.1:1/jwks', allowHttp: true };
  const { address } = await startService(t, context, {
    folder: temporaryFolder(t),
    receiver: {
      audience: [audience],
      transmitters: [{ ...peer, allowPrivateAddress: true, pushTokenFile: tokenFile(t) }],
    },
  });
  assert.equal((await pushTo(address, await party.sign())).status, 503);
});
