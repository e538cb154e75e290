import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBao } from '../../services/openbao.ts';
import { databaseEngine, postgres, postgresBinaries } from '../vault/postgres.ts';
import { until } from '../vault/rig.ts';
import { provisionRig } from './rig.ts';

const binaries = postgresBinaries();

test('a database account must be prepared, handed over and used, and dropped where nobody asked for it', {
  skip: binaries === undefined && 'PostgreSQL is not installed: apt-get install postgresql',
}, async (t) => {
  const database = await postgres(t, binaries!);
  await until('PostgreSQL to answer', () => database.sql('select 1').catch(() => undefined));
  const rig = await provisionRig(t, await openBao(t));
  await databaseEngine(rig.vault, database.port);
  await rig.vault.root.write('database/roles/ebbtide-access', {
    db_name: 'pg',
    creation_statements: [`CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';`],
    default_ttl: '1h',
    max_ttl: '4h',
  });
  const alice = await rig.user('alice');
  const targets = { 'db-*': { method: 'dynamicLease' } };
  await rig.engine({ targets });
  const delivery = await rig.delivery({ targets });
  const accounts = async (): Promise<string[]> => {
    const names = await database.sql("select rolname from pg_roles where rolname like 'v-%'");
    return names.split('\n').filter(Boolean);
  };

  await t.test('prepared and handed over: the account logs in', async () => {
    await rig.want('alice', 'db-1');
    const { reference } = await rig.step('alice/db-1', 'preProvisioned');
    assert.match(reference, /^database\/creds\/ebbtide-access\//);
    const { body } = await delivery.get('db-1', alice.token);
    assert.equal(body.served, 'preProvisioned');
    const { credential } = await alice.open(body.sealed);
    assert.deepEqual(await accounts(), [credential.username]);
    assert.equal(
      await database.sql('select current_user', {
        username: credential.username!,
        password: credential.password!,
      }),
      credential.username,
    );
  });

  await t.test('no longer wanted: the account is dropped, the one in use is not', async () => {
    await rig.want('alice', 'db-2');
    const { decisionId } = await rig.step('alice/db-2', 'preProvisioned');
    assert.equal((await accounts()).length, 2);
    await rig.want('alice', 'db-2', { state: 'unwanted', decisionId });
    await rig.step('alice/db-2', 'destroyed');
    await until('the account to be dropped', async () => (await accounts()).length === 1);
  });

  await t.test('nobody came: the account is dropped at the end of the window', async () => {
    await rig.want('alice', 'db-3', { windowEnd: Date.now() + 10_000 });
    await rig.step('alice/db-3', 'preProvisioned');
    await until('the account to be dropped', async () => (await accounts()).length === 1);
  });
});
