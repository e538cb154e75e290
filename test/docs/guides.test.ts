import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RunningServers } from '../../infra/cli/running.ts';
import { ebbtide } from '../infra/cli/ebbtide.ts';
import { temporaryFolder } from '../services/folder.ts';
import { requireOrSkip } from '../services/require.ts';
import { checkAnswer } from './answers.ts';
import { blocksOf, pages, runPages } from './blocks.ts';
import { openShell, type Shell } from './shell.ts';

/** What must be seen when a page is run. */
const seen: Readonly<Record<string, readonly RegExp[]>> = {
  'docs/quickstart.md': [/checkout|greeter/, /held by/, /killSwitch +all +true/, /The kill switch is off/, /labelled/],
  'docs/guides/life.md': [/credentialId: 'greeter-/, /Only a living credential reads this/, /enforced/],
  'docs/guides/scope.md': [/"scope":"default"/, /"status":403/, /backend\/orders-ro/, /entitle/],
  'docs/guides/readiness.md': [/alice@web-1/, /generated/, /alice/],
  'docs/guides/keys.md': [/reason: 'noConsent'/, /lifespanMs: (29|30)\d{4}/],
};

/** Others on this machine may have the usual ones; guides ask `running.json` for them. */
const anyPorts = `token: { port: 0 }
gateway: { port: 0, grpcPort: 0 }
delivery: { port: 0 }
keyhost: { port: 0 }
`;

/** The stack of the guides, as "npm start" brings it up, in a folder of its own. */
const bringUp = async (t: TestContext) => {
  // Before the folder goes, whoever writes into it has to
  let shell: Shell | undefined;
  t.after(() => shell?.close());
  const folder = temporaryFolder(t);
  const readiness = pages().find(({ name }) => name === 'docs/guides/readiness.md')!;
  writeFileSync(join(folder, 'ebbtide.yaml'), [...blocksOf(readiness, 'yaml'), anyPorts].join('\n'));
  const data = join(folder, '.ebbtide');
  shell = await openShell(folder, { EBBTIDE_DATA: data });
  await shell.serve('ebbtide up --demo --port 0', /Ctrl-C ends it/);
  const servers = JSON.parse(readFileSync(join(data, 'running.json'), 'utf8')) as RunningServers;
  return { folder, data, servers, shell };
};

test('what quick start and guides tell readers to run does what they say, on one embedded stack', async (t) => {
  if (!(await requireOrSkip(t, 'openbao', 'clickhouse'))) return;
  const { folder, data, servers, shell } = await bringUp(t);
  for (const name of runPages)
    await t.test(name, async () => {
      const page = pages().find((one) => one.name === name)!;
      // The stack runs already
      const script = blocksOf(page, 'sh')
        .filter((block) => block !== 'npm start\n')
        .join('\n');
      const { status, output } = await shell.run(script);
      assert.equal(status, 0, output);
      for (const pattern of seen[name]!) assert.match(output, pattern);
    });

  await t.test('real services answer as their OpenAPI documents say', async () => {
    const ask = async (api: string, base: string, method: string, path: string, init: RequestInit, of = path) => {
      const answer = await fetch(base + path, { method: method.toUpperCase(), ...init });
      checkAnswer(api, method, of, answer.status, await answer.json());
      return answer.status;
    };
    const json = { 'content-type': 'application/json' };
    const secret = readFileSync(join(data, 'vault', 'token-service.secret'), 'utf8').trim();
    const body = JSON.stringify({ event: 'docs', function: 'greeter', instance: 'docs' });
    const headers = { ...json, authorization: `Bearer ${secret}` };
    assert.equal(await ask('token', servers.token!, 'post', '/v1/credentials', { headers, body }), 201);
    assert.equal(await ask('token', servers.token!, 'post', '/v1/credentials', { headers: json, body }), 401);
    const question = JSON.stringify({ service: 'orders', method: 'GET', headers: { 'x-api-key': 'secret-of-ann' } });
    assert.equal(await ask('gateway', servers.gateway!, 'post', '/v1/authorize', { body: question }), 200);
    assert.equal(await ask('gateway', servers.gateway!, 'get', '/health/ready', {}), 200);
    const alice = { authorization: `Bearer ${readFileSync(join(folder, 'alice.token'), 'utf8').trim()}` };
    const machine = '/v1/credentials/{vm}';
    assert.equal(
      await ask('delivery', servers.delivery!, 'get', '/v1/credentials/web-1', { headers: alice }, machine),
      200,
    );
    const made = await ebbtide(['token', 'create', 'docs', '--role', 'viewer', '-c', join(folder, 'ebbtide.yaml')], {
      EBBTIDE_DATA: data,
    });
    const viewer = { authorization: `Bearer ${made.stdout.trim()}` };
    for (let status = 401; status === 401; )
      status = await ask('console', servers.console!, 'get', '/api/state', { headers: viewer });
    assert.equal(await ask('console', servers.console!, 'get', '/api/tokens', { headers: viewer }), 403);

    const {
      certificate,
      private_key: key,
      issuing_ca: ca,
    } = (JSON.parse(readFileSync(join(folder, 'endpoint.json'), 'utf8')) as { data: Record<string, string> }).data;
    const { credentialId } = JSON.parse(readFileSync(join(folder, 'key.json'), 'utf8')) as { credentialId: string };
    const [status, text] = await new Promise<[number, string]>((resolve, reject) => {
      const asked = request(`${servers.keyhost}/v1/keys/${credentialId}`, { cert: certificate, key, ca }, (answer) => {
        let all = '';
        answer
          .setEncoding('utf8')
          .on('data', (part: string) => (all += part))
          .on('end', () => resolve([answer.statusCode!, all]));
      });
      asked.on('error', reject).end();
    });
    checkAnswer('keyhost', 'get', '/v1/keys/{id}', status, JSON.parse(text));
    assert.equal(status, 200);
  });
});
