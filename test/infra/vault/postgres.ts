import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { freePort, spawnGuarded } from '../../../infra/setup/guarded.ts';
import { temporaryFolder } from '../../services/folder.ts';
import type { PreparedVault } from './rig.ts';

const run = promisify(execFile);
const root = '/usr/lib/postgresql';

/** Folder of PostgreSQL's programs, or undefined where it is not installed. */
export const postgresBinaries = (): string | undefined => {
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, 'bin')).find((folder) => existsSync(join(folder, 'postgres')));
};

/** It refuses to run as root: as another user then. */
const asUser = (command: string, args: string[]): [string, string[]] =>
  process.getuid?.() === 0
    ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', command, ...args]]
    : [command, args];

const superuser = 'vaultadmin';
const password = 'only-for-this-test';

/** A fresh PostgreSQL for one test. */
export const postgres = async (t: TestContext, binaries: string) => {
  const folder = temporaryFolder(t, 'ebbtide-pg-');
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password);
  if (process.getuid?.() === 0) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })));
    for (const path of [folder, data, passwordFile]) chownSync(path, uid!, gid!);
  }
  await run(
    ...asUser(join(binaries, 'initdb'), [
      '-D',
      data,
      '-U',
      superuser,
      `--pwfile=${passwordFile}`,
      '-A',
      'scram-sha-256',
      '--no-sync',
    ]),
    { cwd: folder },
  );
  const port = await freePort();
  const options = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off'];
  const [command, args] = asUser(join(binaries, 'postgres'), [
    '-D',
    data,
    ...options.flatMap((option) => ['-c', option]),
  ]);
  const server = await spawnGuarded(command, args, { env: process.env, logFile: join(folder, 'log') });
  t.after(() => server.stop());
  /** @param account - who asks. @default the superuser */
  const sql = async (query: string, account = { username: superuser, password }): Promise<string> => {
    const { stdout } = await run(
      join(binaries, 'psql'),
      ['-qtA', '-h', '127.0.0.1', '-p', String(port), '-U', account.username, '-d', 'postgres', '-c', query],
      {
        env: { ...process.env, PGPASSWORD: account.password },
      },
    );
    return stdout.trim();
  };
  return { port, server, sql };
};

/** The database engine of a Vault, giving accounts of that PostgreSQL. */
export const databaseEngine = async (vault: PreparedVault, port: number): Promise<void> => {
  await vault.root.write('sys/mounts/database', { type: 'database' });
  await vault.root.write('database/config/pg', {
    plugin_name: 'postgresql-database-plugin',
    allowed_roles: '*',
    connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${port}/postgres?sslmode=disable`,
    username: superuser,
    password,
    password_authentication: 'scram-sha-256',
  });
  await vault.root.write('database/roles/ebbtide-function', {
    db_name: 'pg',
    creation_statements: [`CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';`],
    renew_statements: [`ALTER ROLE "{{name}}" VALID UNTIL '{{expiration}}';`],
    default_ttl: '1h',
    max_ttl: '4h',
  });
};
