import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readOnlyDefinition } from '../../schemas/scopeDefinition.ts';
import { type Scope, type ScopeDefinition, type ScopedRequest, Scopes, scopesConfig } from '../../schemas/scopes.ts';

const services = ['orders', 'billing', 'stock'];
const methods = ['GET', 'POST', ''];
const operations = ['GET /orders', 'ListOrders', 'Refund'];
const resources = ['/orders', '/orders/1', '/orders/1/lines', '/admin/export'];

/** Every request that can be told apart here: the oracle looks at them all. */
const requests: ScopedRequest[] = services.flatMap((service) =>
  methods.flatMap((method) =>
    operations.flatMap((operation) => resources.map((resource) => ({ service, method, operation, resource }))),
  ),
);

const listOf = (values: readonly string[]) =>
  fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined, freq: 2 });
const rule = fc
  .record({
    services: listOf([...services, 'o*', '**']),
    methods: listOf(methods),
    operations: listOf([...operations, 'GET **', 'List*']),
    resources: listOf([...resources, '/orders/**', '/orders/*', '/**', '/admin/**']),
  })
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
const definition: fc.Arbitrary<ScopeDefinition> = fc.record({
  allow: fc.array(rule, { maxLength: 3 }),
  deny: fc.array(rule, { maxLength: 1 }),
});
const names = ['reports', 'support', 'partner', 'batch'] as const;
const parts: [string, string | null][] = [
  ...names.map((name): [string, null] => [name, null]),
  ['default', null],
  ['read-only', null],
  ['blocked', null],
  ...services.map((service): [string, string] => ['single-service', service]),
];
const world = fc.record({
  definitions: fc.record({ reports: definition, support: definition, partner: definition, batch: definition }),
  picks: fc.array(fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 3 }), { minLength: 3, maxLength: 3 }),
});

/** Patterns read naively, character by character. */
const fits = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === '';
  if (pattern.startsWith('**')) return fits(pattern.slice(2), text) || (text !== '' && fits(pattern, text.slice(1)));
  if (pattern.startsWith('*'))
    return fits(pattern.slice(1), text) || (text !== '' && text[0] !== '/' && fits(pattern, text.slice(1)));
  return pattern[0] === text[0] && fits(pattern.slice(1), text.slice(1));
};
const accepts = (fields: ScopeDefinition['allow'][number], request: ScopedRequest): boolean =>
  (fields.services ?? ['**']).some((pattern) => fits(pattern, request.service)) &&
  (fields.methods ?? [request.method]).includes(request.method) &&
  (fields.operations ?? ['**']).some((pattern) => fits(pattern, request.operation)) &&
  (fields.resources ?? ['**']).some((pattern) => fits(pattern, request.resource));
const oracle = (
  definitions: Readonly<Record<string, ScopeDefinition>>,
  picked: readonly [string, string | null][],
  request: ScopedRequest,
): boolean =>
  picked.every(([name, service]) => {
    if (name === 'default') return true;
    if (name === 'blocked') return false;
    if (name === 'single-service') return request.service === service;
    const { allow, deny } = { 'read-only': readOnlyDefinition, ...definitions }[name]!;
    return allow.some((one) => accepts(one, request)) && !deny.some((one) => accepts(one, request));
  });

const build = ({
  definitions,
  picks,
}: {
  definitions: Record<string, ScopeDefinition>;
  picks: [string, string | null][][];
}) => {
  const scopes = new Scopes(definitions);
  const made = picks.map((picked) =>
    picked.map(([name, service]) => scopes.named(name, service)).reduce((all, one) => scopes.meet(all, one)),
  );
  return { scopes, made: made as [Scope, Scope, Scope] };
};

test('Scopes.meet is commutative, associative and idempotent: one object, however it was come by', () => {
  fc.assert(
    fc.property(world, (given) => {
      const { scopes, made } = build(given);
      const [a, b, c] = made;
      assert.equal(scopes.meet(a, b), scopes.meet(b, a));
      assert.equal(scopes.meet(scopes.meet(a, b), c), scopes.meet(a, scopes.meet(b, c)));
      assert.equal(scopes.meet(a, a), a);
      assert.equal(scopes.meet(a, scopes.top), a);
      assert.equal(scopes.meet(a, scopes.bottom), scopes.bottom);
      assert.equal(scopes.meet(scopes.meet(a, b), a), scopes.meet(a, b));
    }),
    { numRuns: 500 },
  );
});

test('Scopes.meet allows what both allow, by an oracle that looks at every request', () => {
  fc.assert(
    fc.property(world, (given) => {
      const { scopes, made } = build(given);
      const met = made.reduce((all, one) => scopes.meet(all, one));
      const picked = given.picks.flat();
      for (const request of requests) {
        const expected = oracle(given.definitions, picked, request);
        assert.equal(met.allows(request), expected, `${met.name} on ${JSON.stringify(request)}`);
        for (const one of made) assert.ok(!met.allows(request) || one.allows(request), 'wider than a part');
      }
    }),
    { numRuns: 300 },
  );
});

test('Scopes.within never claims what the oracle refutes, and holds for every meet', () => {
  fc.assert(
    fc.property(world, (given) => {
      const { scopes, made } = build(given);
      const [a, b] = made;
      const met = scopes.meet(a, b);
      assert.ok(scopes.within(met, a) && scopes.within(met, b));
      if (scopes.within(a, b)) for (const request of requests) assert.ok(!a.allows(request) || b.allows(request));
    }),
    { numRuns: 300 },
  );
});

test("Scopes.named reads a meet's own name back", () => {
  fc.assert(
    fc.property(world, (given) => {
      const { scopes, made } = build(given);
      const met = scopes.meet(made[0], made[1]);
      assert.equal(scopes.named(met.name), met);
    }),
    { numRuns: 300 },
  );
});

test('Scopes names its meets in one order and without what is superfluous', () => {
  const scopes = new Scopes({
    'orders-desk': { allow: [{ services: ['orders'], methods: ['GET'] }], deny: [] },
  });
  const single = (service: string) => scopes.named('single-service', service);
  assert.equal(scopes.meet(single('orders'), scopes.named('read-only')).name, 'read-only & single-service(orders)');
  assert.equal(scopes.meet(single('orders'), single('billing')).name, 'blocked');
  assert.equal(scopes.meet(single('orders'), scopes.named('orders-desk')).name, 'orders-desk');
  assert.equal(scopes.meet(scopes.named('default'), scopes.named('default')).name, 'default');
});

test('Scopes.named refuses a name that nobody defined, and namedOrBlocked narrows it to nothing', () => {
  const scopes = new Scopes({});
  assert.throws(() => scopes.named('readonly'), {
    code: 'POLICY_INVALID',
    message: /There is no scope "readonly"; there are default/,
  });
  assert.throws(() => scopes.named('single-service'), {
    code: 'POLICY_INVALID',
    message: /needs the name of its service/,
  });
  assert.equal(scopes.namedOrBlocked('readonly'), scopes.bottom);
  assert.equal(scopes.namedOrBlocked('single-service', null), scopes.bottom);
});

test('scopesConfig refuses to define what is built in, and takes read-only in other words', () => {
  assert.equal(scopesConfig.safeParse({ blocked: { allow: [{}] } }).success, false);
  assert.equal(scopesConfig.safeParse({ 'read-only': { allow: [{ methods: ['GET'] }] } }).success, true);
  assert.equal(scopesConfig.safeParse({ 'Read Only': { allow: [] } }).success, false);
});
