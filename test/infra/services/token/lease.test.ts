import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBao } from '../../../services/openbao.ts';
import { databaseEngine, postgres, postgresBinaries } from '../../vault/postgres.ts';
import { decide, effectOf, kafkaRig, prepareVault, startRig, until } from '../../vault/rig.ts';
import { startService } from './rig.ts';

const binaries = postgresBinaries();

test('a database account must be issued, shortened, renewed and revoked like a token, with its VALID UNTIL', {
  skip: binaries === undefined && 'PostgreSQL is not installed: apt-get install postgresql',
}, async (t) => {
  const database = await postgres(t, binaries!);
  await until('PostgreSQL to answer', () => database.sql('select 1').catch(() => undefined));
  const vault = await prepareVault(t, await openBao(t));
  await databaseEngine(vault, database.port);
  const kafka = await kafkaRig(t);
  const service = await startService(t, vault, kafka, {
    roles: { default: { kind: 'lease', ttlMs: 600_000, maxTtlMs: 3_600_000 } },
  });
  await startRig(t, vault, kafka);
  const { status, body } = await service.issue();
  assert.equal(status, 201, JSON.stringify(body));
  const { username } = body.secret as { username: string; password: string };
  const validForS = async (): Promise<number> =>
    Number(
      await database.sql(
        `select extract(epoch from rolvaliduntil - now())::int from pg_roles where rolname = '${username}'`,
      ),
    );
  assert.ok((await validForS()) <= 610, 'it begins with the TTL of the role, not of the engine');
  const credential = await until('the registration', () =>
    kafka.credentials.find(({ credentialId }) => credentialId === body.credentialId),
  );
  assert.deepEqual([credential.kind, credential.shortening, credential.mount], ['lease', 'continuous', 'database']);
  assert.equal(JSON.stringify(body).includes(credential.reference), false, 'who knows the lease id could renew it');

  const shorten = decide(credential, 'shorten', 60_000);
  await kafka.decide(shorten);
  const shortened = await effectOf(kafka, shorten.decisionId);
  assert.equal(shortened.outcome, 'enforced', shortened.detail);
  assert.ok((await validForS()) <= 70);

  const extend = decide(credential, 'extend', 1_200_000);
  await kafka.decide(extend);
  assert.equal((await effectOf(kafka, extend.decisionId)).outcome, 'enforced');
  assert.ok((await validForS()) > 1_000);
  await until('the extension to count for renewals', async () => {
    const renewed = await service.call('POST', `/v1/credentials/${body.credentialId}/renew`);
    return renewed.status === 200 && renewed.body.ttlMs === 1_200_000;
  });

  const revoke = decide(credential, 'revoke');
  await kafka.decide(revoke);
  assert.equal((await effectOf(kafka, revoke.decisionId)).outcome, 'enforced');
  assert.equal(await database.sql(`select count(*) from pg_roles where rolname = '${username}'`), '0');

  // The database is away: Vault fails on this one lease, says so, and everything else goes on
  const other = await service.issue();
  const stuck = await until('the registration', () =>
    kafka.credentials.find(({ credentialId }) => credentialId === other.body.credentialId),
  );
  await database.server.stop();
  const hopeless = decide(stuck, 'revoke');
  await kafka.decide(hopeless);
  const failed = await effectOf(kafka, hopeless.decisionId);
  assert.deepEqual([failed.outcome, failed.status >= 400], ['impossible', true], failed.detail);
  await until('an alert', () =>
    kafka.alerts.some(({ kind, severity }) => kind === 'impossible' && severity === 'critical'),
  );
});
