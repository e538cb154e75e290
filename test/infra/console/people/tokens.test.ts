import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiTokens, makeToken, recogniseOnceKnown, revokedToken } from '../../../../infra/console/people/tokens.ts';
import { TopicCodec } from '../../../../schemas/codec.ts';
import type { ApiToken } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { startPeople } from './caller.ts';

const at = 1_000_000;
const wish = { name: 'backup', role: 'operator', lifeMs: 1_000, by: 'oidc:ann' } as const;

describe('ApiTokens', () => {
  it('recognises a token until it expires, and keeps nothing of its secret but a hash', () => {
    const clock = { now: at };
    const tokens = new ApiTokens(() => clock.now);
    const { token, record } = makeToken(wish, at);
    tokens.apply(record.tokenId, record);
    assert.deepEqual(tokens.recognise(`Bearer ${token}`), {
      id: `token:${record.tokenId}`,
      name: 'backup',
      role: 'operator',
      how: 'token',
      owner: 'oidc:ann',
    });
    assert.doesNotMatch(JSON.stringify(tokens.list()), new RegExp(token.slice(-43)));
    assert.equal(tokens.list()[0]!.usedAt, at);
    clock.now += 1_000;
    assert.equal(tokens.recognise(`Bearer ${token}`), undefined);
  });

  it('recognises none that is another, cut short or of a role that there is not', () => {
    const tokens = new ApiTokens(() => at);
    const { token, record } = makeToken(wish, at);
    tokens.apply(record.tokenId, record);
    const other = makeToken(wish, at).token.slice(-43);
    for (const wrong of ['', 'Basic abc', token.slice(0, -1), `ebbtide_${record.tokenId}_${other}`, `${token}x`])
      assert.equal(tokens.recognise(`Bearer ${wrong}`), undefined, wrong);
    tokens.apply(record.tokenId, { ...record, role: 'root' });
    assert.equal(tokens.recognise(`Bearer ${token}`), undefined);
    tokens.apply(record.tokenId, { ...record, hash: 'short' });
    assert.equal(tokens.recognise(`Bearer ${token}`), undefined);
  });

  it('recognises none before all records have been read: one may have been revoked', async () => {
    const tokens = new ApiTokens(() => at);
    const { token, record } = makeToken(wish, at);
    let finish = () => {};
    const read = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const recognise = recogniseOnceKnown(tokens, read);
    tokens.apply(record.tokenId, record);
    assert.throws(() => recognise(`Bearer ${token}`), { code: 'KAFKA_UNAVAILABLE' });
    tokens.apply(record.tokenId, revokedToken(record, 'oidc:bob', at + 1));
    finish();
    await read;
    assert.equal(recognise(`Bearer ${token}`), undefined);
  });

  it('leaves a revoked one revoked, whatever record comes after', () => {
    const tokens = new ApiTokens(() => at);
    const { token, record } = makeToken(wish, at);
    tokens.apply(record.tokenId, revokedToken(record, 'oidc:bob', at + 1));
    tokens.apply(record.tokenId, record);
    assert.equal(tokens.recognise(`Bearer ${token}`), undefined);
  });
});

describe('API tokens of the console', () => {
  const make = { name: 'backup', role: 'analyst', days: 1 };

  it('are shown once, work with their role and without a browser’s header, and end when revoked', async (t) => {
    const people = await startPeople(t);
    const made = await people.post('ada/admins', '/api/tokens', make);
    assert.equal(made.status, 201);
    const { token, record } = made.body as { token: string; record: ApiToken };
    const as = (path: string, init: RequestInit = {}) =>
      fetch(`${people.harness.console.address}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      });
    assert.equal((await as('/api/state')).status, 200);
    const body = JSON.stringify({ subject: 'cred-1', verdict: 'falsePositive' });
    assert.equal((await as('/api/labels', { method: 'POST', body })).status, 201);
    assert.equal((await as('/api/control/kill-switch', { method: 'POST', body: '{"on":true}' })).status, 403);
    const listed = JSON.stringify((await people.get('ada/admins', '/api/tokens')).body);
    assert.match(listed, new RegExp(record.tokenId));
    assert.doesNotMatch(listed, /hash/);
    assert.equal((await people.post('ada/admins', '/api/tokens/revoke', { tokenId: record.tokenId })).status, 200);
    assert.equal((await as('/api/state')).status, 401);
    const codec = await TopicCodec.open<ApiToken>(topics.tokens, people.harness.context.registry);
    for (const { topic, value } of people.harness.kafka.messages)
      if (topic === topics.tokens.name) assert.notEqual(codec.decode(value!).hash, '');
    for (const { value } of people.harness.kafka.messages)
      assert.equal(value?.includes(token.slice(-43)), false, 'no topic holds the secret');
    const done = (await people.recorded()).filter(({ action }) => action === 'token');
    assert.deepEqual(
      done.map(({ name, outcome, details }) => [name, outcome, Object.keys(JSON.parse(details))[0]]),
      [
        ['ada', 'asked', 'made'],
        ['ada', 'done', 'made'],
        ['ada', 'asked', 'revoked'],
        ['ada', 'done', 'revoked'],
      ],
    );
    const label = (await people.recorded()).find(({ action }) => action === 'label')!;
    assert.deepEqual([label.personId, label.entrance], [`token:${record.tokenId}`, 'token']);
  });

  it('make no other tokens, though they be administrators', async (t) => {
    const people = await startPeople(t);
    const { body } = await people.post('ada/admins', '/api/tokens', { ...make, role: 'administrator' });
    const answer = await fetch(`${people.harness.console.address}/api/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${body.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(make),
    });
    assert.equal(answer.status, 403);
  });

  it('are cut off from live events when revoked', async (t) => {
    const people = await startPeople(t);
    const { body } = await people.post('ada/admins', '/api/tokens', make);
    const events = await fetch(`${people.harness.console.address}/api/events`, {
      headers: { authorization: `Bearer ${body.token}` },
    });
    assert.equal(events.status, 200);
    await people.post('ada/admins', '/api/tokens/revoke', { tokenId: body.record.tokenId });
    for await (const _ of events.body!);
  });
});
