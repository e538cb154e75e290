import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Definitions } from '../../../../infra/services/gateway/table/definitions.ts';
import { Overrides } from '../../../../infra/services/gateway/table/overrides.ts';
import { RowTable } from '../../../../infra/services/gateway/table/rows.ts';
import { controlRecord } from '../../../../schemas/control.ts';
import { parseScopePolicy } from '../../../../schemas/scopePolicy.ts';
import { Scopes, signalsOverride } from '../../../../schemas/scopes.ts';
import { override, row } from './stage.ts';

const credential = fc.oneof(
  fc.constantFrom('a', 'b', 'arn:aws:iam::1:user/bob', 'grüße', '\u{1f30a}', '__proto__', ''),
  fc.string({ maxLength: 20 }),
);
const service = fc.constantFrom('orders', 'billing', 's3.amazonaws.com', 'toString');
const step = fc.record({
  credential,
  service,
  scope: fc.constantFrom('default', 'read-only', 'blocked'),
  gone: fc.boolean(),
});

test('RowTable holds what a map of the same rows holds, through any order of setting and removing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new RowTable();
      const model = new Map<string, string>();
      for (const { credential, service, scope, gone } of steps) {
        const key = `${credential}/${service}`;
        if (gone) table.remove(key);
        else assert.ok(table.set(row(credential, service, { defaultScope: scope })));
        if (gone) model.delete(key);
        else model.set(key, scope);
        assert.equal(table.size, model.size);
      }
      const credentials = new Set([...model.keys()].map((key) => key.slice(0, key.lastIndexOf('/'))));
      for (const { credential, service } of steps) {
        const found = table.find(credential, service);
        const expected = model.get(`${credential}/${service}`);
        if (expected !== undefined) assert.equal(typeof found === 'object' && found.profile.defaultScope, expected);
        else assert.equal(found, credentials.has(credential) ? 'no-row' : 'unknown-credential');
      }
      assert.ok(table.profiles <= 3, 'rows that say the same share what they say');
    }),
    { numRuns: 300 },
  );
});

test('RowTable forgets removed rows, keys and profiles, and reuses their room', () => {
  const table = new RowTable();
  const fill = (round: number) => {
    for (let i = 0; i < 20_000; i++) table.set(row(`${round}-${i}`, 'orders', { group: `g${i % 100}` }));
  };
  fill(0);
  const once = table.byteLength;
  for (let round = 1; round < 6; round++) {
    fill(round);
    for (let i = 0; i < 20_000; i++) table.remove(`${round - 1}-${i}/orders`);
  }
  assert.equal(table.size, 20_000);
  assert.equal(table.profiles, 100);
  assert.ok(table.byteLength < 4 * once, `${table.byteLength} bytes after ${once}`);
  assert.equal(table.find('0-7', 'orders'), 'unknown-credential');
});

test('RowTable keeps its version, and refuses a credential that is too long', () => {
  const table = new RowTable();
  table.set(row('a', 'orders', { version: 'ffffffff0000' }));
  const found = table.find('a', 'orders');
  assert.equal(typeof found === 'object' && found.version, 0xffffffff);
  assert.equal(table.set(row('x'.repeat(1025), 'orders')), false);
  assert.equal(table.find('x'.repeat(1025), 'orders'), 'unknown-credential');
  assert.equal(table.size, 1);
});

test('Overrides lapse at their expiry, later by what clocks may differ', () => {
  const overrides = new Overrides(new Scopes({}), 5_000);
  overrides.set(override('a', 'read-only', { expiresAt: 100_000 }));
  assert.equal(overrides.find('a', 104_999)?.scope.name, 'read-only');
  assert.equal(overrides.find('a', 105_000), undefined);
  assert.equal(overrides.find('a', 99_000)?.scope.name, 'read-only', 'a clock that ran ahead has lifted nothing');
});

test('Overrides that another party asked for hold beside those that behaviour earned, until they lapse or are lifted', () => {
  const overrides = new Overrides(new Scopes({}), 0);
  const told = (mode: 'shadow' | 'enforce') =>
    overrides.set(override(`${signalsOverride}a`, 'blocked', { mode, expiresAt: 100, decisionId: 'signals/a/1' }));
  told('enforce');
  overrides.set(override('a', 'read-only'));
  assert.equal(overrides.find('a', 99)?.scope.name, 'blocked', 'what is earned later lifts no block');
  overrides.remove('a');
  assert.equal(overrides.find('a', 99)?.scope.name, 'blocked');
  assert.equal(overrides.find('a', 100), undefined);
  overrides.set(override('a', 'read-only'));
  told('shadow');
  assert.equal(overrides.find('a', 99)?.scope.name, 'read-only', 'a block in shadow hides nothing enforced');
  overrides.remove('a');
  assert.equal(overrides.find('a', 99)?.enforced, false);
  overrides.remove(`${signalsOverride}a`);
  assert.equal(overrides.find('a', 99), undefined);
});

test('Overrides of a scope that nobody knows, or of a single service without a name, block', () => {
  const overrides = new Overrides(new Scopes({}), 0);
  assert.equal(overrides.set(override('a', 'readonly')), false);
  assert.equal(overrides.find('a', 0)?.scope.name, 'blocked');
  assert.equal(overrides.set(override('b', 'single-service')), false);
  assert.equal(overrides.find('b', 0)?.scope.name, 'blocked');
  assert.equal(overrides.set(override('c', 'blocked')), true);
  assert.equal(overrides.set(override('a', 'default')), true);
  assert.equal(overrides.find('a', 0), undefined, 'the default scope narrows nothing');
});

test('Definitions of a policy in force say what names mean, before those of the configuration, until it lapses', () => {
  const of = (...services: string[]) => ({ allow: [{ services }], deny: [] });
  let now = 0;
  const overrides = new Overrides(new Scopes({ desk: of('orders') }), 0);
  const definitions = new Definitions(
    { desk: of('orders') },
    (scopes) => overrides.define(scopes),
    () => now,
  );
  const allows = (service: string) =>
    overrides.find('a', 0)?.scope.allows({ service, method: 'GET', operation: '', resource: '/' });
  const policy = (scopes: Parameters<typeof parseScopePolicy>[1], expiresAt?: number) =>
    controlRecord(
      {
        kind: 'policy',
        pipeline: 'scope',
        value: parseScopePolicy({}, scopes),
        by: 'test',
        reason: '',
        ...(expiresAt ? { expiresAt } : {}),
      },
      0,
    );
  assert.equal(overrides.set(override('a', 'night')), false, 'not known yet, and so blocked');
  assert.equal(allows('orders'), false);
  definitions.set('policy/scope/configured', policy({ night: of('orders') }));
  assert.deepEqual([allows('orders'), allows('billing')], [true, false]);
  definitions.set('policy/scope', policy({ night: of('billing') }, 100));
  assert.deepEqual([allows('orders'), allows('billing')], [false, true]);
  const broken = { ...policy({}), value: '{"ranges":[{"upTo":100,"scope":"nobody"}]}' };
  definitions.set('policy/scope', broken);
  assert.deepEqual([allows('orders'), allows('billing')], [false, true], 'one that is refused changes nothing');
  now = 100;
  definitions.settle();
  assert.deepEqual([allows('orders'), allows('billing')], [true, false]);
  definitions.set('policy/scope/configured', null);
  assert.equal(allows('orders'), false, 'a name that nobody defines any more blocks');
  overrides.set(override('a', 'desk'));
  assert.equal(allows('orders'), true);
  definitions.set('policy/scope/configured', policy({ desk: { allow: [{}], deny: [] } }));
  assert.equal(overrides.find('a', 0), undefined, 'what allows everything narrows nothing');
});
