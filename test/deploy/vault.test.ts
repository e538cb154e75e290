import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../infra/paths.ts';
import { freePort, spawnGuarded } from '../../infra/setup/guarded.ts';
import { loadSetup } from '../../infra/setup/load.ts';
import { temporaryFolder } from '../services/folder.ts';
import { requireOrSkip } from '../services/require.ts';
import { fileText, runProgram, yamlFile } from './tools.ts';

const root = packageRoot();

test('the OpenBao of compose.yaml is initialised and prepared in any order, unseals itself, and a second time nothing changes', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  await runProgram(process.execPath, [
    join(root, 'deploy/compose/secrets.mjs'),
    ...['unseal', 'clickhouse', 'token', 'password', 'grafana', 'owned'].map(at),
  ]);
  // The file of compose.yaml itself, with this machine's places in it
  const configuration = fileText('deploy/compose/openbao/openbao.hcl')
    .replace('/openbao/file', at('data'))
    .replace('/run/ebbtide', at('unseal'))
    .replace('0.0.0.0:8200', `127.0.0.1:${port}`)
    .replace('openbao:8200', `127.0.0.1:${port}`)
    .replace('openbao:8201', `127.0.0.1:${await freePort()}`);
  mkdirSync(at('data'));
  // Volumes of those who log in
  for (const name of ['actuator', 'token-service']) mkdirSync(at(`logins/${name}`), { recursive: true });
  writeFileSync(at('openbao.hcl'), configuration);
  const { findOpenBao } = await loadSetup<{ findOpenBao(): { path: string } }>('openbao.mjs');
  const start = async () => {
    const server = await spawnGuarded(findOpenBao().path, ['server', `-config=${at('openbao.hcl')}`], {
      env: { PATH: process.env.PATH },
      logFile: at('openbao.log'),
    });
    t.after(() => server.stop());
    return server;
  };
  const prepare = () => {
    const child = spawn(
      process.execPath,
      [join(root, 'deploy/compose/vault.mjs'), address, at('admin'), at('logins')],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, EBBTIDE_CONFIG: at('ebbtide.yaml') },
      },
    );
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    return new Promise<string>((resolve, reject) =>
      child.once('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`${code}: ${said}`)))),
    );
  };

  const configured = fileText('deploy/compose/ebbtide.yaml');
  writeFileSync(at('ebbtide.yaml'), configured);
  // What initialises it is there first
  const first = prepare();
  let server = await start();
  assert.match(await first, /Done: \d+ things/);
  assert.ok(existsSync(at('logins/actuator/ebbtide-actuator.secret-id')));

  await server.stop();
  server = await start();
  assert.match(await prepare(), /Everything is so already/);

  const targets = { 'web-1': { method: 'sshCertificate', users: ['alice'] } };
  writeFileSync(
    at('ebbtide.yaml'),
    JSON.stringify({ ...yamlFile<object>('deploy/compose/ebbtide.yaml'), provision: { targets } }),
  );
  await prepare();
  const policy = await fetch(`${address}/v1/sys/policies/acl/ebbtide-provision`, {
    headers: { 'X-Vault-Token': readFileSync(at('admin/root-token'), 'utf8') },
  });
  assert.match(await policy.text(), /valid_principals\\" = \[\\"alice@web-1\\"\]/);

  const login = await fetch(`${address}/v1/auth/approle/login`, {
    method: 'POST',
    body: JSON.stringify({
      role_id: readFileSync(at('logins/token-service/ebbtide-token-service.role-id'), 'utf8'),
      secret_id: readFileSync(at('logins/token-service/ebbtide-token-service.secret-id'), 'utf8'),
    }),
  });
  const { auth } = (await login.json()) as { auth: { policies: string[] } };
  assert.deepEqual(auth.policies, ['ebbtide-token-service']);
});
