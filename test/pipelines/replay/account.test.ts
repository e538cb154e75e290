import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Account } from '../../../pipelines/replay/account.ts';

const hour = 3_600_000;

test('Account must count the time for which a credential was valid once, however it was renewed', () => {
  const account = new Account(Number.POSITIVE_INFINITY, true);
  account.grant(0, hour);
  account.begin(0);
  account.grant(0.5 * hour, hour);
  account.finish();
  assert.equal(account.benignMs, 1.5 * hour);
  assert.deepEqual(account.steps, [
    { at: 0, ttlMs: hour },
    { at: 0.5 * hour, ttlMs: hour },
  ]);
});

test('Account must count nothing between the end of one grant and the next', () => {
  const account = new Account(Number.POSITIVE_INFINITY, false);
  account.grant(0, hour);
  account.begin(0);
  account.grant(3 * hour, hour);
  account.finish();
  assert.equal(account.benignMs, 2 * hour);
});

test('Account must end at a revocation and keep its time', () => {
  const account = new Account(Number.POSITIVE_INFINITY, false);
  account.grant(0, 4 * hour);
  account.begin(0);
  account.revoke(hour);
  account.finish();
  assert.equal(account.benignMs, hour);
  assert.equal(account.revokedAt, hour);
});

test('Account must split what was granted where the subject became malicious', () => {
  const account = new Account(2 * hour, false);
  account.grant(0, 3 * hour);
  account.begin(hour);
  account.finish();
  assert.equal(account.benignMs, hour);
  assert.equal(account.maliciousMs, hour);
});

test('Account must count nothing before it begins, though grants of before still hold', () => {
  const account = new Account(Number.POSITIVE_INFINITY, false);
  account.grant(0, hour);
  account.grant(hour, 4 * hour);
  account.begin(2 * hour);
  account.finish();
  assert.equal(account.benignMs, 3 * hour);
});
