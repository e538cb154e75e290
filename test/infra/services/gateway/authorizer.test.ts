import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { type Answer, Authorizer } from '../../../../infra/services/gateway/authorizer.ts';
import { gatewayConfig } from '../../../../infra/services/gateway/config.ts';
import { authorize, authorizeRequest } from '../../../../infra/services/gateway/http/authorize.ts';
import { Identifier } from '../../../../infra/services/gateway/identify.ts';
import { createGatewayMetrics } from '../../../../infra/services/gateway/metrics.ts';
import { Routes } from '../../../../infra/services/gateway/routes.ts';
import { Overrides } from '../../../../infra/services/gateway/table/overrides.ts';
import { RowTable } from '../../../../infra/services/gateway/table/rows.ts';
import type { ApiTelemetry } from '../../../../schemas/generated/index.ts';
import { type ScopeDefinition, Scopes } from '../../../../schemas/scopes.ts';
import { keptLog } from '../../vault/rig.ts';
import { override, row } from './stage.ts';

/** An authorizer over tables in memory, for callers named by header x-user. */
const authorizerOf = (routes: object[], definitions: Record<string, ScopeDefinition> = {}) => {
  const config = gatewayConfig.parse({ routes, credentials: [{ from: 'name', header: 'x-user' }] });
  const scopes = new Scopes(definitions);
  const rows = new RowTable();
  const overrides = new Overrides(scopes, 0);
  const table = { loaded: true, age: 0, ageMs: () => table.age };
  const told: ApiTelemetry[] = [];
  const none = () => 0;
  const identifier = new Identifier(config, Buffer.alloc(32));
  const authorizer = new Authorizer({
    routes: new Routes(config.routes),
    identifier,
    rows,
    overrides,
    table,
    threats: { matches: () => [] },
    telemetry: { add: (record) => void told.push(record) },
    metrics: createGatewayMetrics(new Registry(), {
      rows: none,
      overrides: none,
      ageMs: none,
      telemetryPending: none,
    }),
    config,
    log: keptLog().log,
    now: () => 1_700_000_000_000,
  });
  const ask = (method: string, target: string, headers: Record<string, string> = {}) => {
    const all: Record<string, string> = { 'x-user': 'mobile', ...headers };
    return (authorizer.check({ method, host: 'api', target, headerOf: (name) => all[name] }) as Answer).ruling;
  };
  const askService = (body: object) =>
    (authorize(authorizeRequest.parse({ frontendCredential: 'mobile', ...body }), authorizer, identifier) as Answer)
      .ruling;
  return { rows, overrides, table, told, ask, askService };
};

const noSecrets = { 'no-secrets': { allow: [{}], deny: [{ resources: ['/admin/secret/**'] }] } };
const noDeletes = { 'no-deletes': { allow: [{}], deny: [{ operations: ['DELETE **'] }] } };

test('A path is judged as the backend decodes it', () => {
  const { rows, ask } = authorizerOf([{ path: '/admin/**', service: 'admin' }], noSecrets);
  rows.set(row('mobile', 'admin', { defaultScope: 'no-secrets' }));
  assert.equal(ask('GET', '/admin/open/1').status, 200);
  for (const path of ['/admin/secret/1', '/admin/s%65cret/1', '/admin/%73ecret/%31'])
    assert.equal(ask('GET', path).status, 403, path);
});

test('The resource that a service names is judged as the path of a request is', () => {
  const { rows, askService } = authorizerOf([], noSecrets);
  rows.set(row('mobile', 'admin', { defaultScope: 'no-secrets' }));
  const ask = (resource: string) => askService({ service: 'admin', resource }).because;
  assert.equal(ask('/admin/open/1?full'), 'allowed');
  assert.equal(ask('/admin/s%65cret/1'), 'outOfScope');
  for (const resource of ['/public/../admin/secret/1', '//admin/secret/1', '/admin%2fsecret/1', 'admin/secret/1'])
    assert.equal(ask(resource), 'pathAmbiguous', resource);
});

test('A method that a header asks for is judged by the route that it leads to', () => {
  const { rows, ask, askService } = authorizerOf(
    [
      { path: '/orders/{id}', service: 'orders', methods: ['POST', 'DELETE', 'PUT'] },
      { path: '/orders/{id}', service: 'stock', methods: ['PATCH'] },
      { path: '/drafts/{id}', service: 'orders', methods: ['GET', 'POST'], mode: 'shadow' },
      { path: '/drafts/{id}', service: 'orders', methods: ['DELETE'] },
    ],
    noDeletes,
  );
  rows.set(row('mobile', 'orders', { defaultScope: 'no-deletes' }));
  const overridden = (path: string, ...methods: string[]) =>
    ask('POST', path, {
      'x-http-method-override': methods[0] ?? '',
      'x-method-override': methods[1] ?? '',
    }).status;
  assert.equal(overridden('/orders/1'), 200);
  assert.equal(overridden('/orders/1', 'PUT'), 200);
  assert.equal(overridden('/orders/1', 'DELETE'), 403);
  assert.equal(overridden('/orders/1', 'PUT', 'DELETE'), 403);
  assert.equal(overridden('/orders/1', 'PATCH'), 403, 'a route of another service');
  assert.equal(overridden('/orders/1', 'BREW'), 403, 'no route');
  assert.equal(overridden('/drafts/1', 'GET'), 200);
  assert.equal(overridden('/drafts/1', 'DELETE'), 403, 'the route in force is not in shadow mode');
  const service = (override: string) =>
    askService({ service: 'orders', method: 'POST', resource: '/a', headers: { 'x-http-method': override } }).status;
  assert.deepEqual([service('PUT'), service('DELETE')], [200, 403]);
});

test('A route that fails open goes on with the rows and overrides that were read last, and tells of its calls', () => {
  const { rows, overrides, table, told, ask } = authorizerOf([
    { path: '/open/**', service: 'catalogue', onFailure: 'open' },
    { path: '/orders', service: 'catalogue' },
  ]);
  table.loaded = false;
  assert.equal(ask('GET', '/open/1').because, 'notReady');
  assert.equal(ask('GET', '/open/1').status, 200);
  assert.equal(told.length, 0);
  table.loaded = true;
  rows.set(row('mobile', 'catalogue'));
  table.age = 10_000_000;
  assert.equal(ask('GET', '/open/1').because, 'allowed');
  assert.equal(ask('GET', '/orders').status, 503, 'a route that fails closed');
  overrides.set(override('mobile', 'blocked'));
  assert.equal(ask('GET', '/open/1').status, 403);
  assert.deepEqual(
    told.map(({ status, scope }) => [status, scope]),
    [
      [200, 'default'],
      [403, 'blocked'],
    ],
  );
});
