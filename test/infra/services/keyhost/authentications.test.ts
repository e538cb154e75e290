import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Authentications } from '../../../../infra/services/keyhost/authentications.ts';
import { emptyDecision } from '../../../../operators/emptyDecision.ts';
import type { Authentication, Decision } from '../../../../schemas/generated/index.ts';

const hour = 3_600_000;
const t0 = Date.UTC(2026, 0, 5, 12);

const key = (name: string, more: Partial<Authentication> = {}): Authentication => ({
  requestId: `request-${name}`,
  user: 'u',
  endpoint: 'login.example',
  session: name,
  credentialId: name,
  digest: '',
  batchDigest: '',
  decidedAt: t0,
  expiresAt: t0 + 24 * hour,
  risk: 0,
  reason: 'assessed',
  faults: [],
  parts: {},
  enrolled: {},
  strong: false,
  serial: `serial-${name}`,
  consent: 'none',
  consentAt: null,
  consentText: '',
  purpose: '',
  lawfulBasis: '',
  ...more,
});
const cut = (subject: string, windowEnd: number, oldTtlMs = 0): Decision => ({
  ...emptyDecision,
  decisionId: `keylife/${subject}`,
  subject,
  pipeline: 'keylife',
  action: 'revoke',
  mode: 'enforce',
  oldTtlMs,
  windowEnd,
  decidedAt: windowEnd,
});

test('a key that was cut is denied until it ends, however many sign in meanwhile', () => {
  const kept = new Authentications();
  kept.decided(key('first'));
  kept.cut(cut('first', t0 + 60_000));
  for (let i = 0; i < 200_001; i++) kept.decided(key(`other-${i}`, { expiresAt: t0 + 300_000 }));
  assert.equal(kept.byKey('first'), undefined, 'the rest is forgotten');
  assert.deepEqual(kept.denied(t0 + hour), [
    { credentialId: 'first', serial: 'serial-first', expiresAt: t0 + 24 * hour },
  ]);
  assert.deepEqual(kept.denied(t0 + 24 * hour), []);
});

test('a key is denied whose authentication is not known, or comes later than its cut', () => {
  const kept = new Authentications();
  kept.cut(cut('late', t0 + 60_000, hour));
  assert.deepEqual(kept.denied(t0 + 60_000), [{ credentialId: 'late', serial: '', expiresAt: t0 + 60_000 + hour }]);
  kept.decided(key('late'));
  assert.deepEqual(
    kept.denied(t0 + 60_000).map(({ serial, expiresAt }) => [serial, expiresAt]),
    [['serial-late', t0 + 24 * hour]],
  );
});

test('what has been decided and not enforced denies nothing', () => {
  const kept = new Authentications();
  kept.decided(key('first'));
  kept.cut({ ...cut('first', t0), mode: 'shadow' });
  kept.cut({ ...cut('first', t0), withheld: 'exemption' });
  assert.deepEqual(kept.denied(t0), []);
});
