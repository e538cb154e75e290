import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { gatewayConfig } from '../../../../infra/services/gateway/config.ts';
import { Identifier, identifierOf, readHashKey } from '../../../../infra/services/gateway/identify.ts';
import { signalsOverride } from '../../../../schemas/scopes.ts';
import { temporaryFolder } from '../../../services/folder.ts';

const key = Buffer.from('0123456789abcdef0123456789abcdef');
const identifier = (credentials: object[], clockSkewMs = 5_000) =>
  new Identifier(gatewayConfig.parse({ credentials, clockSkewMs }), key);
const of = (headers: Record<string, string>) => (name: string) => headers[name];

test('Identifier takes the first credential that is there, as a keyed hash', async () => {
  const sources = identifier([
    { from: 'secret', header: 'x-api-key' },
    { from: 'secret', header: 'authorization', scheme: 'Bearer' },
  ]);
  const expected = identifierOf('s3cret', key);
  assert.match(expected, /^key-[\w-]{22}$/);
  assert.notEqual(expected, identifierOf('s3cret', Buffer.from('another key of the same length...')));
  assert.equal(await sources.identify(of({ 'x-api-key': 's3cret' })), expected);
  assert.equal(await sources.identify(of({ authorization: 'bearer s3cret' })), expected);
  assert.equal(await sources.identify(of({ 'x-api-key': 's3cret', authorization: 'Bearer other' })), expected);
});

test('Identifier accepts no malformed header, and does not go on to another source then', async () => {
  const sources = identifier([
    { from: 'secret', header: 'authorization', scheme: 'Bearer' },
    { from: 'name', header: 'x-user', prefix: 'user:' },
  ]);
  for (const authorization of ['Basic dTpw', 'Bearer', 'Bearer ', `Bearer ${'x'.repeat(9000)}`])
    assert.equal(await sources.identify(of({ authorization, 'x-user': 'bob' })), undefined, authorization.slice(0, 20));
  assert.equal(await sources.identify(of({ 'x-user': 'bob' })), 'user:bob');
  for (const name of ['bob smith', 'bob\u0000', 'b'.repeat(1100), 'grüße'])
    assert.equal(await sources.identify(of({ 'x-user': name })), undefined, name.slice(0, 10));
  assert.equal(await sources.identify(of({})), undefined);
});

const issuer = async (t: TestContext) => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const keysFile = join(temporaryFolder(t), 'jwks.json');
  writeFileSync(keysFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' }] }));
  const sign = (payload: JWTPayload, by = privateKey) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: '1' }).sign(by);
  return { keysFile, sign };
};

test('Identifier checks signature, issuer, audience and life of a JWT, and takes its claim', async (t) => {
  const { keysFile, sign } = await issuer(t);
  const source = { from: 'jwt', keysFile, issuer: 'https://idp', audience: 'api', claim: 'client_id', prefix: 'idp:' };
  const sources = identifier([source], 5_000);
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: 'https://idp', aud: 'api', client_id: 'mobile', exp: now + 60 };
  const tell = async (token: string) => sources.identify(of({ authorization: `Bearer ${token}` }));
  const token = await sign(good);
  assert.equal(await tell(token), 'idp:mobile');
  assert.equal(sources.identify(of({ authorization: `Bearer ${token}` })), 'idp:mobile', 'known without a promise');
  assert.equal(await tell(await sign({ ...good, exp: now - 2 })), 'idp:mobile', 'within what clocks may differ');
  assert.equal(await tell(await sign({ ...good, exp: now - 20 })), undefined);
  assert.equal(await tell(await sign({ ...good, nbf: now + 20 })), undefined);
  assert.equal(await tell(await sign({ ...good, iss: 'https://other' })), undefined);
  assert.equal(await tell(await sign({ ...good, aud: 'other' })), undefined);
  assert.equal(await tell(await sign({ ...good, client_id: 'a b' })), undefined);
  const { exp: _, ...endless } = good;
  assert.equal(await tell(await sign(endless)), undefined, 'a token without an end');
  assert.equal(await tell(await sign(good, (await generateKeyPair('ES256')).privateKey)), undefined, 'another key');
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`;
  assert.equal(await tell(unsigned), undefined);
  assert.equal(await tell('rubbish'), undefined);
});

test('readHashKey makes a key for its owner alone, reads it again, and refuses a short one', async (t) => {
  const file = join(temporaryFolder(t), 'gateway', 'hash.key');
  const made = await readHashKey(file, true);
  assert.equal(made.length, 43);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(await readHashKey(file, true), made);
  writeFileSync(file, 'short');
  await assert.rejects(readHashKey(file, false), { code: 'CONFIG_INVALID', message: /has 5 characters/ });
  await assert.rejects(readHashKey(`${file}.none`, false), { code: 'CONFIG_INVALID', message: /cannot be read/ });
});

test('gatewayConfig takes no prefix that would make an identifier look like an override of another party', () => {
  const takes = (prefix: string) =>
    gatewayConfig.safeParse({ credentials: [{ from: 'name', header: 'x-caller', prefix }] }).success;
  assert.equal(takes('partner:'), true);
  assert.equal(takes(signalsOverride), false);
});
