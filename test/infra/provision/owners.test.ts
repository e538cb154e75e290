import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Owners } from '../../../infra/provision/owners.ts';
import { FollowedRisk } from '../../../infra/provision/risk.ts';
import type { Credential, Decision, Score } from '../../../schemas/generated/index.ts';
import { row } from '../services/gateway/stage.ts';

const hour = 3_600_000;
const credential = (credentialId: string, more: Partial<Credential> = {}): Credential => ({
  credentialId,
  kind: 'token',
  reference: credentialId,
  mount: 'auth/token',
  role: '',
  entityId: null,
  function: 'checkout',
  instance: 'checkout-1',
  event: '',
  issuedAt: 0,
  expiresAt: hour,
  ttlMs: hour,
  maxTtlMs: hour,
  explicitMaxExpiresAt: null,
  shortening: 'continuous',
  status: 'active',
  ...more,
});

const known = () => {
  let now = 0;
  const owners = new Owners(hour, () => now);
  const risk = new FollowedRisk(hour, () => now, owners);
  const scored = (subject: string, value: number, more: Partial<Score> = {}) =>
    risk.scored({
      subject,
      pipeline: 'lifecycle',
      risk: value,
      learning: false,
      role: 'champion',
      windowEnd: now,
      ...more,
    } as Score);
  return {
    owners,
    risk,
    scored,
    riskOf: (user: string) => risk.riskOf({ user, vm: 'web-1' }),
    at: (ms: number) => {
      now = ms;
    },
  };
};

describe('the risk of a user', () => {
  it('is that of each credential which the register says is theirs: by alias, by person, by entity', () => {
    const { owners, scored, riskOf } = known();
    owners.register('token-1', credential('token-1', { function: 'ann', entityId: 'e-1' }));
    owners.register('lease-1', credential('lease-1', { function: 'report', entityId: 'e-1' }));
    owners.register('key-1', credential('key-1', { kind: 'certificate', function: 'laptop-7', instance: 'bob' }));
    owners.register('token-2', credential('token-2', { entityId: 'e-2' }));
    scored('token-1', 20);
    assert.equal(riskOf('ann'), 20);
    scored('lease-1', 70);
    assert.equal(riskOf('ann'), 70, 'another credential of the same entity');
    scored('key-1', 90);
    scored('token-2', 95);
    assert.deepEqual([riskOf('ann'), riskOf('bob'), riskOf('cleo')], [70, 90, 0]);
  });

  it('is known whichever is heard of first, and goes with the register, or an hour after the credential has ended', () => {
    const { owners, scored, riskOf, at } = known();
    scored('token-1', 80);
    assert.equal(riskOf('ann'), 0);
    owners.register('token-1', credential('token-1', { function: 'ann' }));
    assert.equal(riskOf('ann'), 80);
    owners.register('token-1', credential('token-1', { function: 'ann', status: 'ended' }));
    assert.equal(riskOf('ann'), 80, 'that it was revoked makes its holder no less of a risk');
    at(hour + 1);
    assert.equal(riskOf('ann'), 0);
    scored('token-1', 80);
    owners.register('token-1', undefined);
    assert.equal(riskOf('ann'), 0);
  });

  it('is that of frontend credentials whose owner the translation table names, as long as it does', () => {
    const { owners, risk, riskOf } = known();
    const [orders, billing] = ['orders', 'billing'].map((service) => row('key-1', service, { owner: 'ann' }));
    for (const one of [orders!, billing!, row('key-2', 'orders')]) owners.translated(one.key, one);
    const decided = (subject: string) =>
      risk.decided({
        subject,
        pipeline: 'scope',
        action: 'narrow',
        risk: 85,
        mode: 'enforce',
        withheld: '',
        decidedAt: 0,
      } as Decision);
    decided('key-1');
    decided('key-2');
    assert.equal(riskOf('ann'), 85);
    owners.translated(orders!.key, undefined);
    assert.equal(riskOf('ann'), 85);
    owners.translated(billing!.key, { ...billing!, owner: 'bob' });
    assert.deepEqual([riskOf('ann'), riskOf('bob'), riskOf('')], [0, 85, 0]);
  });
});
