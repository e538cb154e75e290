import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { startMockCluster } from '../../../infra/kafka/mock.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { signalsOverride } from '../../../schemas/scopes.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from './ebbtide.ts';

/** Brokers and a registry for commands, and files to give them. */
const prepared = async (t: TestContext) => {
  const cluster = await startMockCluster();
  t.after(() => cluster.close());
  const registry = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  t.after(() => registry.close());
  const folder = temporaryFolder(t);
  const config = join(folder, 'ebbtide.yaml');
  writeFileSync(
    config,
    `kafka: { brokers: "${cluster.brokers}" }\nschemaRegistry: { url: "${registry.address}" }\nscopes:\n  order-desk: { allow: [{ services: [orders], methods: [GET, POST] }] }\n`,
  );
  const file = (text: string): string => {
    const path = join(folder, 'table.yaml');
    writeFileSync(path, text);
    return path;
  };
  const environment = { EBBTIDE_DATA: join(folder, 'data') };
  return {
    folder,
    file,
    environment,
    scope: (...args: string[]) => ebbtide(['scope', ...args, '-c', config], environment),
    config,
  };
};

const table = (scope: string, more = ''): string =>
  `credentials:\n  mobile:\n    group: partners\n    services:\n      orders: { scope: ${scope}, backend: { default: kv/data/orders } }\n${more}`;

test('ebbtide scope table import takes a file, refuses what widens it, and exports what it took', async (t) => {
  const { scope, file, folder } = await prepared(t);
  const first = await scope('table', 'import', file(table('order-desk')));
  assert.equal(first.status, exitCodes.ok, first.stderr);
  assert.match(first.stdout, /\+ +added +mobile\/orders +none +→ +order-desk/);
  assert.match(first.stderr, /No route of gateway\.routes leads to orders/);

  const wider = table('default', '      billing: { scope: read-only }\n');
  const diff = await scope('table', 'diff', file(wider), '--json');
  assert.equal(diff.status, 1, 'what would widen is told by the exit status');
  assert.deepEqual(JSON.parse(diff.stdout).changes, [
    { key: 'mobile/billing', kind: 'widened', from: 'none', to: 'read-only' },
    { key: 'mobile/orders', kind: 'widened', from: 'order-desk', to: 'default' },
  ]);
  const refused = await scope('table', 'import', file(wider));
  assert.equal(refused.status, exitCodes.usage, refused.stderr);
  assert.match(refused.stderr, /Nothing was imported: 2 rows would allow more than now; add --allow-widening/);
  assert.match(refused.stderr, /mobile\/orders: order-desk → default/);
  assert.match((await scope('table', 'diff', file(table('order-desk')))).stdout, /No differences/);

  assert.equal((await scope('table', 'import', file(wider), '--allow-widening', '--reason', 'asked for')).status, 0);
  const narrower = await scope('table', 'import', file(table('blocked')), '--prune', '--json');
  assert.equal(narrower.status, exitCodes.ok, narrower.stderr);
  assert.deepEqual(
    JSON.parse(narrower.stdout).changes.map(({ key, kind }: { key: string; kind: string }) => [key, kind]),
    [
      ['mobile/billing', 'removed'],
      ['mobile/orders', 'narrowed'],
    ],
  );
  const exported = join(folder, 'exported.yaml');
  assert.equal((await scope('table', 'export', exported)).status, exitCodes.ok);
  assert.deepEqual(parse(readFileSync(exported, 'utf8')), parse(table('blocked')));
});

test('ebbtide scope table import takes other references and another group for a widening', async (t) => {
  const { scope, file } = await prepared(t);
  const row = (backend: string, group = 'partners') =>
    `credentials: { mobile: { group: ${group}, services: { orders: { scope: read-only, backend: { ${backend} } } } } }`;
  const ro = 'read-only: kv/ro';
  assert.equal((await scope('table', 'import', file(row(ro)))).status, exitCodes.ok);
  for (const [text, words] of [
    [row('read-only: kv/admin'), /mobile\/orders: reference read-only: kv\/ro → reference read-only: kv\/admin/],
    [row(`${ro}, default: kv/admin`), /mobile\/orders: no reference → reference default: kv\/admin/],
    [row('default: kv/ro'), /reference read-only: kv\/ro → reference default: kv\/ro/],
    [row(ro, 'staff'), /mobile\/orders: group partners → group staff/],
  ] as const) {
    const refused = await scope('table', 'import', file(text));
    assert.equal(refused.status, exitCodes.usage, text);
    assert.match(refused.stderr, words);
  }
  const owned = file(row(ro).replace('group: partners', 'group: partners, owner: ann'));
  const theirs = await scope('table', 'import', owned);
  assert.equal(theirs.status, exitCodes.ok, 'whose it is opens nothing');
  assert.match(theirs.stdout, /changed +mobile\/orders +owner nobody +→ +owner ann/);
  assert.match((await scope('table', 'export')).stdout, /owner: ann/);
  const meant = await scope('table', 'import', file(row('read-only: kv/admin', 'staff')), '--allow-widening');
  assert.equal(meant.status, exitCodes.ok, meant.stderr);
});

test('ebbtide scope table import names everything that is wrong with a file, and takes nothing of it', async (t) => {
  const { scope, file } = await prepared(t);
  for (const [text, words] of [
    [table('readonly'), /mobile\/orders: There is no scope "readonly"; there are default, read-only, order-desk/],
    [table('single-service(orders)', '      a/b: { scope: default }\n'), /must be a name of letters/],
    ['credentials: { "a b": { services: {} } }', /printable ASCII/],
    ['credentials: { a: { services: { o: { scope: default, secret: x } } } }', /secret/],
    ['credentials: { a: { services: {} }, a: { services: {} } }', /cannot be read as YAML/],
    ['\u0000\u0001', /cannot be read as YAML|expected object/],
  ] as const) {
    const run = await scope('table', 'import', file(text));
    assert.equal(run.status, exitCodes.usage, text);
    assert.match(run.stderr, words);
  }
  assert.equal((await scope('table', 'export')).stdout.trim(), 'credentials: {}');
});

test('ebbtide scope override narrows a credential for a while, lists it and lifts it', async (t) => {
  const { scope } = await prepared(t);
  const wrong = await scope('override', 'set', 'mobile', '--scope', 'single-service');
  assert.equal(wrong.status, exitCodes.usage, wrong.stderr);
  assert.match(wrong.stderr, /needs the name of its service/);
  const set = await scope(
    'override',
    'set',
    'mobile',
    '--scope',
    'single-service',
    '--service',
    'orders',
    '--for',
    '30m',
  );
  assert.equal(set.status, exitCodes.ok, set.stderr);
  assert.match(set.stdout, /mobile has scope single-service\(orders\) for 30 min/);
  const listed = JSON.parse((await scope('override', 'list', '--json')).stdout);
  assert.equal(listed.mode, 'enforce');
  assert.ok(listed.expiresAt > Date.now() + 1_000_000);
  const wider = await scope('override', 'set', 'mobile', '--scope', 'read-only');
  assert.notEqual(wider.status, exitCodes.ok, 'what is in force is not widened by the way');
  assert.match(wider.stderr, /read-only would allow more than single-service\(orders\), .* lift .* --allow-widening/);
  const reported = await scope('override', 'set', 'mobile', '--scope', 'blocked', '--shadow');
  assert.match(reported.stderr, /blocked, only reported, would allow more/);
  const sooner = await scope('override', 'set', 'mobile', '--scope', 'blocked', '--for', '10m');
  assert.equal(sooner.status, exitCodes.usage, 'what is in force does not end sooner by the way');
  assert.match(sooner.stderr, /blocked until \S+Z would end sooner than single-service\(orders\), .* until \S+Z; give/);
  const longer = await scope('override', 'set', 'mobile', '--scope', 'blocked');
  assert.equal(longer.status, exitCodes.ok, longer.stderr);
  assert.match(longer.stdout, /for 1 h; it replaces single-service\(orders\) until \S+Z, and ends \d+ min.* later/);
  const shorter = await scope(
    'override',
    'set',
    'mobile',
    '--scope',
    'blocked',
    '--for',
    '5m',
    '--allow-widening',
    '--json',
  );
  assert.equal(shorter.status, exitCodes.ok, shorter.stderr);
  const { expiresAt, replaces } = JSON.parse(shorter.stdout);
  assert.deepEqual([replaces.scope, replaces.mode], ['blocked', 'enforce']);
  assert.ok(replaces.expiresAt > expiresAt + 3_000_000);
  const meant = await scope('override', 'set', 'mobile', '--scope', 'read-only', '--allow-widening');
  assert.equal(meant.status, exitCodes.ok, meant.stderr);
  const beside = await scope('override', 'set', `${signalsOverride}mobile`, '--scope', 'blocked');
  assert.equal(beside.status, exitCodes.ok, beside.stderr);
  assert.equal((await scope('override', 'lift', 'mobile')).status, exitCodes.ok);
  assert.equal((await scope('override', 'set', 'other', '--scope', 'blocked', '--shadow')).status, exitCodes.ok);
  const only = await scope('override', 'set', 'other', '--scope', 'read-only');
  assert.equal(only.status, exitCodes.ok, 'what is only reported restricts nobody');
  assert.equal((await scope('override', 'lift', 'other')).status, exitCodes.ok);
  assert.match((await scope('override', 'list')).stderr, /No override is in force/);
});

test('ebbtide scope identify tells the identifier of a secret from standard input', async (t) => {
  const { environment, config } = await prepared(t);
  const main = new URL(`../../../infra/cli/main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
    .pathname;
  const loader = main.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const identify = (secret: string) =>
    new Promise<string>((resolve) => {
      const args = [...loader, main, 'scope', 'identify', '-c', config];
      const child = spawn(process.execPath, args, {
        env: { ...process.env, ...environment },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (text) => (out += text));
      child.once('close', () => resolve(out.trim()));
      child.stdin.end(secret);
    });
  const one = await identify('ak-1\n');
  assert.match(one, /^key-[\w-]{22}$/);
  assert.equal(await identify('ak-1'), one);
  assert.notEqual(await identify('ak-2'), one);
});
