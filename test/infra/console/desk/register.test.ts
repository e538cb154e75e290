import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Register } from '../../../../infra/console/desk/register.ts';
import { credentialOf, decisionOf, effectOf, scoreOf } from '../records.ts';

const page = { q: '', status: 'all', sort: 'recent', offset: 0, limit: 100 } as const;

describe('Register', () => {
  it('finds by words in any of identifier, function, instance, event and role', () => {
    const register = new Register(100, () => 10);
    register.register(
      credentialOf('cred-1', 0, { function: 'checkout', instance: 'checkout-7', event: 'order-paid' }),
      1,
    );
    register.register(credentialOf('cred-2', 0, { function: 'mail', instance: 'mail-1', event: 'mail-queued' }), 2);
    const found = (q: string) => register.find({ ...page, q }).entries.map(({ id }) => id);
    assert.deepEqual(found('PAID checkout'), ['cred-1']);
    assert.deepEqual(found('cred-2'), ['cred-2']);
    assert.deepEqual(found('checkout mail'), []);
    assert.deepEqual(found(''), ['cred-2', 'cred-1']);
  });

  it('follows scores, decisions and effects, of whoever has no credential too', () => {
    let now = 1_000;
    const register = new Register(100, () => now);
    register.register(credentialOf('cred-1', 0), 1);
    register.hear({ type: 'score', id: 'cred-1', at: 5, score: scoreOf('cred-1', 5, 0.7) });
    register.hear({
      type: 'decision',
      id: 'alice',
      at: 6,
      decision: decisionOf('alice', 'narrow', 6, { pipeline: 'scope' }),
    });
    assert.deepEqual(
      register
        .find({ ...page, sort: 'score' })
        .entries.map(({ id, status, score, lastAction, kind }) => [id, status, score, lastAction, kind]),
      [
        ['cred-1', 'alive', 0.7, null, 'token'],
        ['alice', 'unregistered', null, 'narrow', 'frontend'],
      ],
    );
    const revoked = decisionOf('cred-1', 'revoke', 7);
    register.hear({ type: 'effect', id: 'cred-1', at: 8, effect: effectOf(revoked, 8) });
    now = 5_000;
    assert.deepEqual(
      register.find({ ...page, status: 'ended' }).entries.map(({ id }) => id),
      ['cred-1'],
    );
  });

  it('knows who shares an entity, role or function, as long as they live', () => {
    let now = 1_000;
    const register = new Register(100, () => now);
    for (const [id, entityId, expiresAt] of [
      ['a', 'e-1', 60_000],
      ['b', 'e-1', 60_000],
      ['c', 'e-2', 30_000],
    ] as const)
      register.register(credentialOf(id, 0, { entityId, expiresAt }), 1);
    assert.equal(register.othersOf('a'), 1);
    assert.deepEqual(
      register.relatedOf('a', 10).map(({ by, total, entries }) => [by, total, entries.map(({ id }) => id)]),
      [
        ['entity', 1, ['b']],
        ['role', 2, ['b', 'c']],
        ['function', 2, ['b', 'c']],
      ],
    );
    assert.equal(register.prune(), false);
    now = 40_000;
    assert.equal(register.prune(), true, 'a life has run out');
    assert.equal(register.prune(), false);
    assert.deepEqual(
      register.relatedOf('a', 10).map(({ total }) => total),
      [1, 1, 1],
    );
    assert.deepEqual(register.relatedOf('nobody', 10), []);
  });

  it('makes room by letting go of ended ones first', () => {
    const register = new Register(10, () => 1_000);
    for (let index = 0; index < 10; index += 1)
      register.register(credentialOf(`c-${index}`, 0, { status: index === 9 ? 'ended' : 'active' }), index);
    register.register(credentialOf('new', 0), 20);
    const known = register.find(page).entries.map(({ id }) => id);
    assert.ok(known.includes('new') && known.includes('c-0') && !known.includes('c-9'));
  });
});
