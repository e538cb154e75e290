import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fastify } from 'fastify';
import { rights, roles } from '../../../../infra/console/people/roles.ts';
import type { RouteContext } from '../../../../infra/console/routes/context.ts';
import { addRoutes } from '../../../../infra/console/routes.ts';
import { packageRoot } from '../../../../infra/paths.ts';
import { MemoryRegistry } from '../../../../schemas/registry.ts';

const text = readFileSync(join(packageRoot(), 'docs/people.md'), 'utf8');
/** Cells of the tables' rows. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

it('docs/people.md says of each role what the page says of it', () => {
  for (const role of roles) {
    const [, , may] = rows.find(([, name]) => name === role)!;
    assert.equal(may, rights[role]);
  }
});

it('docs/people.md tells of each request that changes something, and of no other, which role it needs', async () => {
  const found: string[] = ['`POST /api/sign-out` viewer'];
  const server = fastify();
  server.addHook('onRoute', ({ method, url, config }) => {
    if (config?.role === undefined || method === 'HEAD') return;
    if (method !== 'GET' || config.role !== 'viewer') found.push(`\`${String(method)} ${url}\` ${config.role}`);
  });
  await addRoutes(server, { app: { registry: new MemoryRegistry() }, model: { desk: {} } } as unknown as RouteContext);
  const told = rows
    .filter(([, request]) => /^`(?:GET|POST) \//.test(request!))
    .map(([, name, role]) => `${name} ${role}`);
  assert.deepEqual(told.sort(), found.sort());
});
