import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { FastifyRequest } from 'fastify';
import type { Person } from '../../../../infra/console/people/person.ts';
import { type SessionOptions, Sessions } from '../../../../infra/console/people/sessions.ts';
import { temporaryFolder } from '../../../services/folder.ts';

const ann: Person = { id: 'oidc:1', name: 'ann', role: 'analyst', how: 'oidc', owner: 'oidc:1' };
const minute = 60_000;
const request = (setCookie: string) => ({ headers: { cookie: setCookie.split(';')[0] } }) as unknown as FastifyRequest;
const rig = (options: Partial<SessionOptions> = {}) => {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const sessions = new Sessions({
    idleMs: 10 * minute,
    absoluteMs: 30 * minute,
    base: 'http://127.0.0.1:7070',
    now: () => clock.now,
    ...options,
  });
  return { clock, sessions };
};

describe('Sessions', () => {
  it('gives back whom it let in, and tells nothing of them in the cookie', async () => {
    const { sessions } = rig();
    const cookie = await sessions.begin(ann);
    assert.deepEqual((await sessions.of(request(cookie)))?.person, ann);
    const [, , sealed = ''] = cookie.split('.');
    assert.doesNotMatch(Buffer.from(sealed, 'base64url').toString('latin1'), /ann|analyst/);
    assert.match(cookie, /^ebbtide_console_7070=.*; HttpOnly; SameSite=Strict$/);
  });

  it('ends after a time without requests, and goes on where it is renewed', async () => {
    const { clock, sessions } = rig();
    const cookie = await sessions.begin(ann);
    clock.now += 9 * minute;
    const renewed = await sessions.renewed((await sessions.of(request(cookie)))!);
    clock.now += 2 * minute;
    assert.equal(await sessions.of(request(cookie)), undefined);
    assert.equal((await sessions.of(request(renewed!)))?.person.name, 'ann');
  });

  it('is renewed no more often than once a minute', async () => {
    const { sessions } = rig();
    const session = (await sessions.of(request(await sessions.begin(ann))))!;
    assert.equal(await sessions.renewed(session), undefined);
  });

  it('ends after its absolute time, however often it was renewed', async () => {
    const { clock, sessions } = rig();
    let cookie = await sessions.begin(ann);
    for (let passed = 0; passed < 27; passed += 9) {
      clock.now += 9 * minute;
      cookie = (await sessions.renewed((await sessions.of(request(cookie)))!))!;
    }
    clock.now += 4 * minute;
    assert.equal(await sessions.of(request(cookie)), undefined);
  });

  it('does not come back after it was ended, by a copy of its cookie neither', async () => {
    const { sessions } = rig();
    const cookie = await sessions.begin(ann);
    const gone = sessions.end((await sessions.of(request(cookie)))!);
    assert.match(gone, /^ebbtide_console_7070=; Max-Age=0;/);
    assert.equal(await sessions.of(request(cookie)), undefined);
  });

  it('refuses what was forged, changed, or sealed by another key or for another purpose', async () => {
    const { sessions } = rig();
    const cookie = await sessions.begin(ann);
    const value = cookie.split(';')[0]!.split('=')[1]!;
    const changed = `${value.slice(0, -9)}${value.at(-9) === 'A' ? 'B' : 'A'}${value.slice(-8)}`;
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(
      JSON.stringify({ payload: { sid: 'x', begun: 0, person: { ...ann, role: 'administrator' } } }),
    ).toString('base64url')}.`;
    const other = (await rig().sessions.begin(ann)).split(';')[0]!.split('=')[1]!;
    const attempt = await sessions.keep('attempt', { sid: 'x', begun: 0, person: ann }, minute);
    const kept = attempt.split(';')[0]!.split('=')[1]!;
    for (const forged of [changed, unsigned, other, kept, '', 'x', '....'])
      assert.equal(await sessions.of(request(`ebbtide_console_7070=${forged};`)), undefined, forged);
  });

  it('keeps what a sign-in needs until its time is over', async () => {
    const { clock, sessions } = rig();
    const cookie = await sessions.keep('attempt', { state: 's' }, minute);
    assert.match(cookie, /SameSite=Lax$/);
    assert.deepEqual(await sessions.kept(request(cookie), 'attempt'), { state: 's' });
    clock.now += minute + 1_000;
    assert.equal(await sessions.kept(request(cookie), 'attempt'), undefined);
  });

  it('is shared by consoles that share a key, with a cookie for this host alone under https', async (t) => {
    const keyFile = join(temporaryFolder(t, 'ebbtide-key-'), 'key');
    writeFileSync(keyFile, 'k'.repeat(32));
    const base = 'https://ebbtide.example';
    const cookie = await rig({ keyFile, base }).sessions.begin(ann);
    assert.match(cookie, /^__Host-ebbtide_console_443=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    assert.equal((await rig({ keyFile, base }).sessions.of(request(cookie)))?.person.name, 'ann');
    writeFileSync(keyFile, 'short');
    assert.throws(() => rig({ keyFile }), { code: 'CONFIG_INVALID', message: /5 bytes, and at least 32/ });
  });
});
