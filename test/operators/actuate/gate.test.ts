import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controls } from '../../../operators/actuate/controls.ts';
import { gate } from '../../../operators/actuate/gate.ts';
import type { Control, Credential, Decision } from '../../../schemas/generated/index.ts';

const now = 1_000_000;
const decision = {
  pipeline: 'lifecycle',
  subject: 'cred-1',
  action: 'shorten',
  mode: 'enforce',
  withheld: '',
  deadline: null,
} as unknown as Decision;
const credential = { credentialId: 'cred-1', status: 'active' } as Credential;
const set = (kind: Control['kind'], value: unknown, rest: Partial<Control> = {}): Control => ({
  key: '',
  kind,
  pipeline: '',
  subject: null,
  value: JSON.stringify(value),
  version: '',
  expiresAt: null,
  at: now,
  by: 'test',
  reason: '',
  ...rest,
});
const verdict = (controls: Control[], of: Partial<Decision> = {}, registered: Credential | undefined = credential) => {
  const all = new Controls();
  for (const control of controls) all.apply(control);
  const found = gate({ ...decision, ...of }, registered, all, now);
  return found.act ? 'act' : found.skipped;
};

test('gate must act only where nothing speaks against it', () => {
  assert.equal(verdict([]), 'act');
  assert.equal(verdict([], { mode: 'shadow' }), 'shadow');
  assert.equal(verdict([], { withheld: 'strikes' }), 'withheld');
  assert.equal(verdict([], { deadline: now }), 'late');
  assert.equal(verdict([], { deadline: now + 1 }), 'act');
  assert.equal(gate(decision, undefined, new Controls(), now).act, false);
  assert.equal(verdict([], {}, { ...credential, status: 'ended' }), 'superseded');
});

test('gate must heed the kill switch, the mode and exemptions, until they lapse', () => {
  for (const value of [true, { on: true }, 'on', { since: 'now' }])
    assert.equal(verdict([set('killSwitch', value)]), 'killSwitch', JSON.stringify(value));
  for (const value of [false, { on: false }, 'off', null])
    assert.equal(verdict([set('killSwitch', value)]), 'act', JSON.stringify(value));
  assert.equal(
    verdict([{ ...set('killSwitch', true), value: 'not JSON' }]),
    'killSwitch',
    'what cannot be read stops rather than acts',
  );
  assert.equal(verdict([set('mode', { mode: 'shadow' })]), 'shadow');
  assert.equal(
    verdict([set('mode', 'enforce')], { mode: 'shadow' }),
    'shadow',
    'a mode set since never sharpens a decision',
  );
  const exempt = (rest: Partial<Control>) => set('exemption', {}, { subject: 'cred-1', ...rest });
  assert.equal(verdict([exempt({})]), 'withheld');
  assert.equal(verdict([exempt({ expiresAt: now })]), 'act');
  assert.equal(verdict([exempt({})], { action: 'extend' }), 'act');
  assert.equal(verdict([exempt({ subject: 'cred-2' })]), 'act');
});

test('Controls must take settings in the order of the topic, and the narrowest mode', () => {
  const off = set('killSwitch', { on: false });
  assert.equal(verdict([off, set('killSwitch', { on: true }, { at: now - 1 })]), 'killSwitch', 'clocks differ');
  assert.equal(verdict([set('killSwitch', { on: true }), off]), 'act');
  assert.equal(verdict([set('mode', 'shadow'), set('mode', 'enforce', { pipeline: 'lifecycle' })]), 'act');
  assert.equal(verdict([set('mode', 'shadow'), set('mode', 'soon')]), 'shadow', 'the last good one stays');
});

test('Controls must stop all where the kill switch for all is on, whatever is off for one pipeline', () => {
  const here = { pipeline: 'lifecycle' };
  assert.equal(verdict([set('killSwitch', true), set('killSwitch', false, here)]), 'killSwitch');
  assert.equal(verdict([set('killSwitch', false), set('killSwitch', true, here)]), 'killSwitch');
});

test('Controls.remove() must forget what the key set', () => {
  const controls = new Controls();
  controls.apply(set('killSwitch', true, { subject: 'cred-1' }));
  controls.remove('killSwitch//cred-1');
  assert.equal(controls.killed('lifecycle', 'cred-1', now), false);
});

test('gate must carry out what a person wants in shadow mode too, but not against kill switch or exemption', () => {
  const person = { pipeline: 'console', action: 'revoke' } as const;
  assert.equal(verdict([set('mode', 'shadow')], person), 'act');
  assert.equal(verdict([set('killSwitch', true)], person), 'killSwitch');
  assert.equal(verdict([set('exemption', true, { subject: 'cred-1' })], person), 'withheld');
});
