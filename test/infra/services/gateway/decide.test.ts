import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rule, withoutCredential, withoutTable } from '../../../../infra/services/gateway/decide.ts';
import {
  addressOf,
  correlationIdOf,
  degreesOf,
  overridingMethodsOf,
} from '../../../../infra/services/gateway/headers.ts';
import type { Route } from '../../../../infra/services/gateway/routes.ts';
import { Overrides } from '../../../../infra/services/gateway/table/overrides.ts';
import { type Found, RowTable } from '../../../../infra/services/gateway/table/rows.ts';
import { Scopes } from '../../../../schemas/scopes.ts';
import { override, row } from './stage.ts';

const scopes = new Scopes({ desk: { allow: [{ services: ['orders'], methods: ['GET', 'POST'] }], deny: [] } });
const route: Route = { service: 'orders', operation: 'op', open: false, shadow: false };
const names = fc.constantFrom(
  'default',
  'read-only',
  'desk',
  'single-service(orders)',
  'single-service(stock)',
  'blocked',
  'unknown',
);
const methods = fc.constantFrom('GET', 'POST', 'DELETE', 'OPTIONS');

const grounds = (
  defaultScope: string,
  dynamic: string | undefined,
  method: string,
  mode: 'enforce' | 'shadow' = 'enforce',
) => {
  const rows = new RowTable();
  rows.set(row('a', 'orders', { defaultScope, backendCredentials: { default: 'rw/{credential}', 'read-only': 'ro' } }));
  const overrides = new Overrides(scopes, 0);
  if (dynamic !== undefined) overrides.set(override('a', dynamic, { mode }));
  return {
    scopes,
    route,
    requests: [{ service: 'orders', method, operation: 'op', resource: '/orders/1' }] as const,
    credential: 'a',
    found: rows.find('a', 'orders'),
    override: overrides.find('a', 0),
  };
};
const allowed = (name: string, [request]: ReturnType<typeof grounds>['requests']) =>
  scopes.namedOrBlocked(name).allows(request);

test('rule lets through only what both the default scope and the override allow', () => {
  fc.assert(
    fc.property(names, fc.option(names, { nil: undefined }), methods, (entitled, dynamic, method) => {
      const given = grounds(entitled, dynamic, method);
      const expected = allowed(entitled, given.requests) && (dynamic === undefined || allowed(dynamic, given.requests));
      const { status, wouldRefuse, reference } = rule(given);
      assert.equal(status, expected ? 200 : 403);
      assert.equal(wouldRefuse, !expected);
      assert.ok(expected || reference === '', 'a refusal names no backend credential');
    }),
  );
});

test('rule reports what an override in shadow mode would refuse, and lets through what the default scope allows', () => {
  fc.assert(
    fc.property(names, names, methods, (entitled, dynamic, method) => {
      const given = grounds(entitled, dynamic, method, 'shadow');
      const { status, wouldRefuse } = rule(given);
      assert.equal(status, allowed(entitled, given.requests) ? 200 : 403);
      assert.equal(wouldRefuse, !(allowed(entitled, given.requests) && allowed(dynamic, given.requests)));
    }),
  );
});

test('rule judges all that headers could make of a request', () => {
  const given = grounds('read-only', undefined, 'GET');
  const [own] = given.requests;
  const as = (method: string) => ({ ...own, method });
  assert.equal(rule(given).status, 200);
  assert.equal(rule({ ...given, requests: [own, as('HEAD')] }).status, 200);
  assert.equal(rule({ ...given, requests: [own, as('HEAD'), as('DELETE')] }).status, 403);
  assert.equal(rule({ ...given, requests: [own, undefined] }).status, 403);
});

test('rule names the backend credential of the narrowest scope that has one', () => {
  assert.equal(rule(grounds('default', undefined, 'GET')).reference, 'rw/a');
  assert.equal(rule(grounds('default', 'read-only', 'GET')).reference, 'ro');
  assert.equal(rule(grounds('single-service(orders)', 'read-only', 'GET')).reference, 'ro');
  assert.equal(
    rule(grounds('desk', undefined, 'GET')).reference,
    '',
    'that of a wider scope than the row has is not given',
  );
});

test('without row, credential or table a route refuses, unless it says otherwise', () => {
  const given = grounds('default', undefined, 'GET');
  const of = (found: Found) => rule({ ...given, found });
  assert.deepEqual([of('unknown-credential').status, of('unknown-credential').because], [403, 'credentialUnknown']);
  assert.deepEqual([of('no-row').status, of('no-row').because], [403, 'notEntitled']);
  assert.equal(withoutCredential(route).status, 401);
  assert.equal(withoutTable(route).status, 503);
  assert.equal(withoutTable({ ...route, open: true }).status, 200);
  assert.equal(withoutCredential({ ...route, open: true }).status, 401, 'open means: while the table is not known');
  const shadow = { ...route, shadow: true };
  for (const ruling of [
    rule({ ...given, route: shadow, found: 'no-row' }),
    withoutCredential(shadow),
    withoutTable(shadow),
  ])
    assert.deepEqual([ruling.status, ruling.wouldRefuse, ruling.reference], [200, true, '']);
});

const of = (headers: Record<string, string>) => (name: string) => headers[name];

test('headers tell address, place, correlation id and method, or nothing where they are malformed', () => {
  const forwarded = of({ 'x-forwarded-for': '6.6.6.6, 198.51.100.7, 10.0.0.1' });
  assert.equal(addressOf(forwarded, '127.0.0.1', 1), '10.0.0.1');
  assert.equal(addressOf(forwarded, '127.0.0.1', 2), '198.51.100.7');
  assert.equal(addressOf(forwarded, '127.0.0.1', 0), '127.0.0.1');
  assert.equal(addressOf(forwarded, undefined, 9), null);
  assert.equal(addressOf(of({ 'x-forwarded-for': 'evil<script>' }), '2001:db8::1', 1), '2001:db8::1');
  assert.deepEqual(
    [degreesOf('52.5', 90), degreesOf('-91', 90), degreesOf('', 90), degreesOf('x', 90)],
    [52.5, null, null, null],
  );
  assert.equal(correlationIdOf(of({ 'x-request-id': 'abc-12345' })), 'abc-12345');
  for (const id of ['short', 'a b c d e f g', 'x'.repeat(200), 'in"jection-1'])
    assert.equal(correlationIdOf(of({ 'x-request-id': id })), undefined);
  assert.deepEqual(overridingMethodsOf(of({ 'x-http-method-override': ' delete ' }), 'GET'), ['DELETE']);
  assert.deepEqual(overridingMethodsOf(of({ 'x-http-method': 'GET' }), 'GET'), []);
  const several = of({ 'x-http-method-override': 'HEAD, get', 'x-method-override': 'DELETE' });
  assert.deepEqual(overridingMethodsOf(several, 'GET'), ['HEAD', 'DELETE']);
});
