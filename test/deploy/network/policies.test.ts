import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admits, type Endpoint, type NetworkPolicy, selects } from './policies.ts';

const pod = (namespace: string, name: string, address: string, more: Partial<Endpoint> = {}): Endpoint => ({
  address,
  namespace: { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace } },
  labels: { name },
  ...more,
});
const web = pod('shop', 'web', '10.0.0.1');
const database = pod('shop', 'database', '10.0.0.2', { ports: { sql: 5432 } });
const stranger = pod('street', 'web', '10.0.1.1');
const outside: Endpoint = { address: '192.0.2.7' };
const policy = (spec: NetworkPolicy['spec'], namespace = 'shop'): NetworkPolicy => ({
  metadata: { name: 'policy', namespace },
  spec,
});
const ofDatabase = { matchLabels: { name: 'database' } };

test('selectors mean labels by equality and by expressions, and all where they are empty', () => {
  const labels = { tier: 'back', zone: 'a' };
  assert.ok(selects({}, labels));
  assert.ok(selects({ matchLabels: { tier: 'back' } }, labels));
  assert.ok(!selects({ matchLabels: { tier: 'back', zone: 'b' } }, labels));
  for (const [expression, expected] of [
    [{ key: 'zone', operator: 'In', values: ['a', 'b'] }, true],
    [{ key: 'zone', operator: 'NotIn', values: ['a'] }, false],
    [{ key: 'absent', operator: 'NotIn', values: ['a'] }, true],
    [{ key: 'zone', operator: 'Exists' }, true],
    [{ key: 'zone', operator: 'DoesNotExist' }, false],
  ] as const)
    assert.equal(selects({ matchExpressions: [expression] }, labels), expected, JSON.stringify(expression));
});

test('a pod that no policy selects is open; one that is selected admits what a rule says and nothing else', () => {
  assert.ok(admits([], stranger, database, 5432));
  const closed = policy({ podSelector: ofDatabase });
  assert.ok(!admits([closed], web, database, 5432));
  assert.ok(admits([closed], database, web, 80), 'out is another direction');
  assert.ok(admits([policy({ podSelector: {} }, 'street')], web, database, 5432), 'of another namespace');
  const open = policy({ podSelector: ofDatabase, ingress: [{}] });
  assert.ok(admits([closed, open], outside, database, 1), 'policies add up');
});

test('peers are pods of the same namespace, of namespaces, of both, or addresses', () => {
  const from = (...peers: object[]) => [policy({ podSelector: ofDatabase, ingress: [{ from: peers }] })];
  const isWeb = { podSelector: { matchLabels: { name: 'web' } } };
  const street = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'street' } } };
  assert.ok(admits(from(isWeb), web, database, 5432));
  assert.ok(!admits(from(isWeb), stranger, database, 5432), 'a pod selector alone means the own namespace');
  assert.ok(admits(from(street), stranger, database, 5432));
  assert.ok(!admits(from({ ...street, podSelector: ofDatabase }), stranger, database, 5432), 'both must fit');
  assert.ok(admits(from({ ...street, ...isWeb }), stranger, database, 5432));
  assert.ok(admits(from(isWeb, street), stranger, database, 5432), 'either may fit');
  assert.ok(!admits(from({ podSelector: {} }), outside, database, 5432));
  const block = { ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.128/25'] } };
  assert.ok(admits(from(block), outside, database, 5432));
  assert.ok(!admits(from(block), { address: '192.0.2.200' }, database, 5432));
  assert.ok(admits(from(), outside, database, 5432), 'no peers are all');
});

test('ports are numbers, ranges or names, of one protocol', () => {
  const on = (...ports: object[]) => [policy({ podSelector: ofDatabase, ingress: [{ ports }] })];
  assert.ok(admits(on({ port: 5432 }), web, database, 5432));
  assert.ok(!admits(on({ port: 5432, protocol: 'UDP' }), web, database, 5432));
  assert.ok(admits(on({ port: 5432, protocol: 'UDP' }), web, database, 5432, 'UDP'));
  assert.ok(admits(on({ port: 5000, endPort: 6000 }), web, database, 5432));
  assert.ok(!admits(on({ port: 5000, endPort: 5400 }), web, database, 5432));
  assert.ok(admits(on({ port: 'sql' }), web, database, 5432));
  assert.ok(!admits(on({ port: 'sql' }), web, database, 5433));
  assert.ok(admits(on({}), web, database, 1));
});

test('both ends must agree, and egress is asked of whoever begins', () => {
  const out = policy({
    podSelector: { matchLabels: { name: 'web' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ podSelector: ofDatabase }], ports: [{ port: 5432 }] }],
  });
  assert.ok(admits([out], web, database, 5432));
  assert.ok(!admits([out], web, outside, 5432));
  assert.ok(admits([out], stranger, web, 80), 'in is open still');
  assert.ok(!admits([out, policy({ podSelector: ofDatabase })], web, database, 5432));
  const implied = policy({ podSelector: {}, egress: [{ ports: [{ port: 53 }] }] });
  assert.ok(!admits([implied], web, outside, 443), 'a policy with egress is one of both directions');
});
