import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayConfig } from '../../../../infra/services/gateway/config.ts';
import { plainPath } from '../../../../infra/services/gateway/path.ts';
import { Routes } from '../../../../infra/services/gateway/routes.ts';

const routesOf = (routes: object[]) => new Routes(gatewayConfig.parse({ routes }).routes);

test('Routes finds service and operation by host, method and template', () => {
  const routes = routesOf([
    { path: '/orders', service: 'orders' },
    { path: '/orders/{id}', service: 'orders', methods: ['GET', 'PUT'], operation: 'Order' },
    { path: '/orders/latest', service: 'orders', operation: 'Latest' },
    { path: '/billing/**', service: 'billing' },
    { host: 'admin.example.com', path: '/orders', service: 'back-office' },
  ]);
  const find = (method: string, path: string, host = 'api.example.com') => {
    const route = routes.find(method, host, path);
    return route && `${route.service} ${route.operation}`;
  };
  assert.equal(find('GET', '/orders'), 'orders GET /orders');
  assert.equal(find('GET', '/orders/7'), 'orders Order');
  assert.equal(find('GET', '/orders/latest'), 'orders Latest');
  assert.equal(find('DELETE', '/orders/7'), undefined);
  assert.equal(find('GET', '/orders/7/lines'), undefined);
  assert.equal(find('GET', '/orders/'), undefined);
  assert.equal(find('GET', '/Orders'), undefined);
  assert.equal(find('POST', '/billing/a/b'), 'billing POST /billing/**');
  assert.equal(find('GET', '/orders', 'ADMIN.example.com:8443'), 'back-office GET /orders');
  assert.equal(find('BREW', '/orders'), undefined);
});

test('Routes take a host that ends in a dot, and a segment of any length, for what they are', () => {
  const routes = routesOf([
    { path: '/orders/{id}', service: 'orders' },
    { path: '/**', service: 'site' },
    { host: 'api.example.com', path: '/**', service: 'api' },
  ]);
  assert.equal(routes.find('GET', 'api.example.com.', '/a')?.service, 'api');
  assert.equal(routes.find('GET', 'api.example.com.:8443', '/a')?.service, 'api');
  for (const length of [100, 101, 8_000])
    assert.equal(routes.find('GET', '', `/orders/${'7'.repeat(length)}`)?.service, 'orders', `${length} characters`);
});

test('Routes are closed and enforced unless they say otherwise, and none may stand there twice', () => {
  const route = routesOf([{ path: '/a', service: 'a' }]).find('GET', '', '/a')!;
  assert.deepEqual({ open: route.open, shadow: route.shadow }, { open: false, shadow: false });
  const twice = [
    { path: '/a', service: 'a' },
    { path: '/a', service: 'b', methods: ['GET'] },
  ];
  assert.throws(() => routesOf(twice), { code: 'CONFIG_INVALID', message: /GET \/a on host \* stands there twice/ });
  for (const path of ['orders', '/a/**/b', '/a?b', '/{}', '/a*', '/:id'])
    assert.equal(gatewayConfig.safeParse({ routes: [{ path, service: 'a' }] }).success, false, path);
});

test('Routes find the same one for a path, however it was encoded', () => {
  const routes = routesOf([
    { path: '/users/@me', service: 'me' },
    { path: '/grüße', service: 'greetings' },
    { path: '/users/{id}', service: 'users' },
  ]);
  for (const [target, service] of [
    ['/users/@me', 'me'],
    ['/users/%40me', 'me'],
    ['/users/%40m%65', 'me'],
    ['/gr%c3%bc%C3%9Fe', 'greetings'],
    ['/users/a%20b', 'users'],
  ] as const)
    assert.equal(routes.find('GET', '', plainPath(target)!)?.service, service, target);
});

test('plainPath takes no path that proxies and backends could take for different ones', () => {
  assert.equal(plainPath('/orders/7?full=1&x=/../'), '/orders/7');
  assert.equal(plainPath('/a%20b/%40me/s%65cret/gr%c3%bc%C3%9Fe'), '/a b/@me/secret/grüße');
  for (const target of [
    '/a/../b',
    '/a/..',
    '/./a',
    '//a',
    '/a%2fb',
    '/a%2Fb',
    '/%2e%2e/a',
    '/a%5cb',
    '/a\\b',
    '/a;x=1',
    '/a%00',
    '/a%3bx',
    '/a%3Fx',
    '/a%23',
    '/a%2a',
    '/a%',
    '/a%zz',
    '/a%c0%ae',
    '/a%252fb',
    'a',
    '',
    '*',
    'http://x/',
    '/a b',
    '/grüße',
  ])
    assert.equal(plainPath(target), undefined, target);
});
