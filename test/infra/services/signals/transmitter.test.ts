import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { credentialsOfSubject } from '../../../../operators/decideBySignal.ts';
import type { Alert, Decision } from '../../../../schemas/generated/index.ts';
import { deliveryMethods, eventTypes } from '../../../../schemas/securityEvents.ts';
import { topics } from '../../../../schemas/topics.ts';
import { testContext, until } from '../../../services/context.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { recorder } from '../../../services/http.ts';
import { audience, credentialOf, otherParty, revoked, startService, token, tokenFile } from './rig.ts';

const rig = async (t: TestContext, transmitter: object = {}) => {
  const context = await testContext(t);
  const receivers = [
    { name: 'partner', tokenFile: tokenFile(t), audience: [audience], allowHttp: true, allowPrivateAddress: true },
    { name: 'other', tokenFile: tokenFile(t, 'the-token-of-another'), audience: ['https://other.example'] },
  ];
  const config = { folder: temporaryFolder(t), transmitter: { receivers, longPollMs: 200, ...transmitter } };
  const start = () => startService(t, context, config);
  return { context, start };
};

const call = async (address: string, method: string, path: string, body?: object, bearer = token) => {
  const answer = await fetch(`${address}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as never };
};
interface View {
  readonly stream_id: string;
  readonly delivery: { readonly method: string; readonly endpoint_url: string };
}
const newStream = async (address: string, body: object = {}): Promise<View> => {
  const { status, body: stream } = await call(address, 'POST', '/ssf/streams', body);
  assert.equal(status, 201);
  return stream;
};
const poll = async (address: string, id: string, body: object = {}) =>
  (await call(address, 'POST', `/ssf/poll/${id}`, { returnImmediately: true, ...body })).body as {
    sets: Record<string, string>;
    moreAvailable?: boolean;
  };
const claimsOf = async (address: string, set: string) => {
  const keys = createLocalJWKSet((await (await fetch(`${address}/ssf/jwks.json`)).json()) as never);
  const { payload, protectedHeader } = await jwtVerify(set, keys, { issuer: address, audience });
  assert.deepEqual([protectedHeader.alg, protectedHeader.typ], ['RS256', 'secevent+jwt']);
  return payload as unknown as {
    sub_id: object;
    events: Record<string, Record<string, unknown>>;
    jti: string;
    exp?: 0;
  };
};

test('the configuration must name every endpoint that the interoperability profile wants', async (t) => {
  const { address } = await (await rig(t)).start();
  const metadata = (await (await fetch(`${address}/.well-known/ssf-configuration`)).json()) as Record<string, unknown>;
  assert.equal(metadata.spec_version, '1_0');
  assert.equal(metadata.issuer, address);
  assert.deepEqual(metadata.delivery_methods_supported, Object.values(deliveryMethods));
  const endpoints = ['jwks_uri', 'configuration_endpoint', 'status_endpoint', 'verification_endpoint'];
  for (const name of [...endpoints, 'add_subject_endpoint', 'remove_subject_endpoint'])
    assert.ok(String(metadata[name]).startsWith(`${address}/ssf/`), name);
  const { keys } = (await (await fetch(String(metadata.jwks_uri))).json()) as { keys: Record<string, unknown>[] };
  assert.deepEqual(Object.keys(keys[0]!).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
});

test('streams must be made, read, changed, replaced and deleted by their receiver alone', async (t) => {
  const { address } = await (await rig(t)).start();
  assert.equal((await call(address, 'POST', '/ssf/streams', {}, 'nobody-at-all-knows-it')).status, 401);
  assert.deepEqual((await call(address, 'GET', '/ssf/streams')).body, []);
  const made = await newStream(address, { description: 'one' });
  const path = `/ssf/streams?stream_id=${made.stream_id}`;
  assert.deepEqual((await call(address, 'GET', path)).body, made);
  assert.deepEqual((await call(address, 'GET', '/ssf/streams')).body, [made]);
  const other = 'the-token-of-another';
  assert.deepEqual((await call(address, 'GET', '/ssf/streams', undefined, other)).body, []);
  assert.equal((await call(address, 'GET', path, undefined, other)).status, 404);
  assert.equal((await call(address, 'DELETE', path, undefined, other)).status, 404);

  const { stream_id } = made;
  const patched = await call(address, 'PATCH', '/ssf/streams', { stream_id, description: 'two' });
  assert.deepEqual(patched.body, { ...made, description: 'two' });
  assert.equal((await call(address, 'PATCH', '/ssf/streams', { stream_id, iss: 'https://x.example' })).status, 400);
  const requested = [eventTypes.sessionRevoked];
  const put = await call(address, 'PUT', '/ssf/streams', { stream_id, events_requested: requested });
  const { description: _, ...rest } = made as View & { description?: string };
  assert.deepEqual(put.body, { ...rest, events_requested: requested, events_delivered: requested });
  assert.equal((await call(address, 'DELETE', path)).status, 204);
  assert.equal((await call(address, 'GET', path)).status, 404);
});

test('a push to an address inside must be refused unless that is allowed to the receiver', async (t) => {
  const { address } = await (await rig(t)).start();
  for (const endpoint_url of [
    'https://169.254.169.254/latest',
    'https://localhost/x',
    'http://receiver.example.com/x',
  ]) {
    const body = { delivery: { method: deliveryMethods.push, endpoint_url } };
    assert.equal((await call(address, 'POST', '/ssf/streams', body, 'the-token-of-another')).status, 400, endpoint_url);
  }
});

test('a revocation that Vault carried out must be polled, and come again until it is acknowledged, over a restart too', async (t) => {
  const { context, start } = await rig(t);
  const first = await start();
  const { stream_id: id, delivery } = await newStream(first.address);
  assert.deepEqual(delivery, { method: deliveryMethods.poll, endpoint_url: `${first.address}/ssf/poll/${id}` });
  await context.write(topics.credentials, [credentialOf('cred-1', { kind: 'certificate', reference: '0a:0b' })]);
  await context.write(topics.effects, [
    revoked('cred-0', { outcome: 'skipped' }),
    revoked('cred-0', { action: 'shorten' }),
    revoked('cred-1'),
  ]);
  const sets = await until('both tokens', async () => {
    const { sets } = await poll(first.address, id);
    return Object.keys(sets).length === 2 && sets;
  });
  const [one, other] = await Promise.all(Object.values(sets).map((set) => claimsOf(first.address, set)));
  assert.deepEqual(one!.sub_id, { format: 'iss_sub', iss: first.address, sub: 'cred-1' });
  assert.deepEqual(one!.events, {
    [eventTypes.sessionRevoked]: {
      event_timestamp: 1_700_000_000,
      initiating_entity: 'policy',
      reason_admin: { en: "Ebbtide's lifecycle pipeline revoked the credential" },
    },
  });
  const change = other!.events[eventTypes.credentialChange]!;
  assert.deepEqual([change.credential_type, change.change_type, change.x509_serial], ['x509', 'revoke', '0a:0b']);
  assert.equal(one!.exp, undefined);

  assert.deepEqual(Object.keys((await poll(first.address, id, { maxEvents: 1 })).sets), [one!.jti]);
  assert.equal((await poll(first.address, id, { maxEvents: 1 })).moreAvailable, true);
  await first.close();
  const second = await start();
  const left = await poll(second.address, id, { ack: [one!.jti] });
  assert.deepEqual(left.sets, { [other!.jti]: sets[other!.jti] });
  assert.deepEqual((await poll(second.address, id, { setErrs: { [other!.jti]: { err: 'invalid_key' } } })).sets, {});
});

test("tokens must be pushed in their order with the receiver's header, and again while it fails", async (t) => {
  const { context, start } = await rig(t, { backoffMs: 5, maxBackoffMs: 10 });
  const { address } = await start();
  const receiver = await recorder(t, (_request, number) => ({ status: number < 3 ? 503 : 202 }));
  const delivery = {
    method: deliveryMethods.push,
    endpoint_url: `${receiver.url}/in`,
    authorization_header: 'Bearer x',
  };
  const view = await newStream(address, { delivery, events_requested: [eventTypes.sessionRevoked, 'urn:unknown'] });
  assert.deepEqual(view.delivery, { method: deliveryMethods.push, endpoint_url: `${receiver.url}/in` });
  await context.write(topics.effects, [revoked('cred-1'), revoked('cred-2'), revoked('cred-1')]);
  await until('three answers and one more', () => receiver.requests.length >= 4);
  const { headers, path } = receiver.requests[0]!;
  assert.deepEqual(
    [path, headers['content-type'], headers.authorization],
    ['/in', 'application/secevent+jwt', 'Bearer x'],
  );
  const subjects = await Promise.all(receiver.requests.slice(0, 4).map(({ body }) => claimsOf(address, body)));
  assert.equal(new Set(subjects.slice(0, 3).map(({ jti }) => jti)).size, 1);
  assert.notEqual(subjects[3]!.jti, subjects[2]!.jti);
});

const scopeDecision = (risk: number, at: number, rest: Partial<Decision> = {}): Decision => ({
  ...{ decisionId: `scope/caller/${at}`, subject: 'caller', pipeline: 'scope', action: 'narrow', mode: 'enforce' },
  ...{ withheld: '', oldTtlMs: 0, newTtlMs: 0, oldScope: 'default', newScope: 'read-only', reason: 'Odd hours' },
  ...{ score: 0, risk, severity: 0, frequency: 0, features: [], strikes: 0, policyVersion: '', modelVersion: '' },
  ...{ windowEnd: at, decidedAt: at, deadline: null },
  ...rest,
});

test('a risk that crosses a level must be told, with the level before; one in shadow mode must not', async (t) => {
  const { context, start } = await rig(t);
  const { address } = await start();
  const { stream_id: id } = await newStream(address);
  await context.write(topics.decisions, [
    scopeDecision(95, 1000, { mode: 'shadow' }),
    scopeDecision(10, 2000),
    scopeDecision(40, 3000),
    scopeDecision(50, 4000),
    scopeDecision(85, 5000),
    scopeDecision(5, 6000),
  ]);
  const sets = await until('three tokens', async () => {
    const { sets } = await poll(address, id);
    return Object.keys(sets).length === 3 && Object.values(sets);
  });
  const told = await Promise.all(sets.map((set) => claimsOf(address, set)));
  assert.deepEqual(
    told.map(({ events }) => [
      events[eventTypes.riskLevelChange]!.previous_level,
      events[eventTypes.riskLevelChange]!.current_level,
    ]),
    [
      [undefined, 'MEDIUM'],
      ['MEDIUM', 'HIGH'],
      ['HIGH', 'LOW'],
    ],
  );
});

test('a paused stream must hold its tokens, a disabled one must not, and a removed subject must stay out', async (t) => {
  const { context, start } = await rig(t);
  const { address } = await start();
  const { stream_id } = await newStream(address);
  const status = (to: string) => call(address, 'POST', '/ssf/status', { stream_id, status: to, reason: 'test' });
  const subject = { sub: 'cred-3', iss: address, format: 'iss_sub' };
  assert.equal((await call(address, 'POST', '/ssf/subjects/remove', { stream_id, subject })).status, 204);
  assert.deepEqual((await status('paused')).body, { stream_id, status: 'paused', reason: 'test' });
  assert.deepEqual((await call(address, 'GET', `/ssf/status?stream_id=${stream_id}`)).body, {
    ...{ stream_id, status: 'paused', reason: 'test' },
  });
  await context.write(topics.effects, [revoked('cred-3'), revoked('cred-1')]);
  const signals = await context.records(topics.signals);
  await until('both events', () => signals.length === 2);
  assert.deepEqual((await poll(address, stream_id)).sets, {});
  await status('enabled');
  assert.equal(Object.keys((await poll(address, stream_id)).sets).length, 1);
  await status('disabled');
  await status('enabled');
  assert.deepEqual((await poll(address, stream_id)).sets, {});
  assert.equal((await call(address, 'POST', '/ssf/subjects/add', { stream_id, subject })).status, 200);
  await context.write(topics.effects, [revoked('cred-3', { decisionId: 'again' })]);
  await until('the subject is back', async () => Object.keys((await poll(address, stream_id)).sets).length === 1);
});

test('access tokens of the authorization server must count, as far as their scope goes', async (t) => {
  const server = await otherParty(t);
  const oauth = { issuer: server.issuer, jwksUri: server.jwksUri, audience: 'https://signals.example' };
  const inside = { allowHttp: true, allowPrivateAddress: true };
  const receivers = [{ name: 'partner', clientId: 'client-1', audience: [audience] }];
  const { start } = await rig(t, { authorizationServers: [{ ...oauth, ...inside }], receivers });
  const { address } = await start();
  const metadata = await (await fetch(`${address}/.well-known/ssf-configuration`)).json();
  const schemes = (metadata as { authorization_schemes: unknown }).authorization_schemes;
  assert.deepEqual(schemes, [{ spec_urn: 'urn:ietf:rfc:6749' }, { spec_urn: 'urn:ietf:rfc:6750' }]);
  const exp = Math.floor(Date.now() / 1000) + 300;
  const access = (rest: object) =>
    server.sign({ aud: oauth.audience, exp, client_id: 'client-1', scope: 'ssf.read', ...rest }, { typ: 'at+jwt' });
  const read = async (rest: object) =>
    (await call(address, 'GET', '/ssf/streams', undefined, await access(rest))).status;
  const make = async (rest: object) => (await call(address, 'POST', '/ssf/streams', {}, await access(rest))).status;
  assert.deepEqual([await read({}), await make({}), await make({ scope: 'x ssf.manage' })], [200, 403, 201]);
  const refused = [{ exp: 1 }, { exp: undefined }, { aud: 'https://x.example' }, { iss: 'https://x.example' }];
  for (const rest of [...refused, { client_id: 'client-2' }, { client_id: undefined }])
    assert.equal(await read(rest), 401, JSON.stringify(rest));
});

test('a verification must bring the state that was asked for, and not be asked for too often', async (t) => {
  const { start } = await rig(t);
  const { address } = await start();
  const { stream_id } = await newStream(address, { events_requested: [] });
  const verify = () => call(address, 'POST', '/ssf/verify', { stream_id, state: 'abc' });
  assert.equal((await verify()).status, 204);
  assert.equal((await verify()).status, 429);
  const [set] = Object.values((await poll(address, stream_id)).sets);
  const claims = await claimsOf(address, set!);
  assert.deepEqual(claims.sub_id, { format: 'opaque', id: stream_id });
  assert.deepEqual(claims.events, { [eventTypes.verification]: { state: 'abc' } });
});

test('undelivered tokens must be bounded: the oldest are given up, with an alert', async (t) => {
  const { context, start } = await rig(t, { maxUndelivered: 2 });
  const { address } = await start();
  const alerts = await context.records<Alert>(topics.alerts);
  const { stream_id } = await newStream(address);
  await context.write(topics.effects, [revoked('a'), revoked('b'), revoked('c')]);
  const alert = await until('the alert', () => alerts[0]);
  assert.deepEqual([alert.kind, alert.severity, alert.subject], ['streamOverflow', 'critical', 'partner']);
  assert.equal(Object.keys((await poll(address, stream_id)).sets).length, 2);
});

test('credentialsOfSubject must find nobody for a subject without members', () => {
  const mapping = { match: ['credentialId' as const], subjectIssuers: [], aliases: {} };
  assert.deepEqual(credentialsOfSubject({ format: 'complex' }, [credentialOf('a')], mapping), []);
});
