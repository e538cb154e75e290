import assert from 'node:assert/strict';
import { test } from 'node:test';
import { provisioningReport } from '../../../infra/clickhouse/provisioning.ts';
import { blankProvision, endedRecord, factsOf } from '../../../infra/provision/records.ts';
import type { StoredSecret } from '../../../infra/provision/store.ts';
import type { Provision } from '../../../schemas/generated/index.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive } from './support.ts';

const start = Date.parse('2026-03-29T00:00:00Z');
const minute = 60_000;

test('provisioningReport must count what was prepared, asked for and wasted, overall and by user', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const range = { fromMs: start, toMs: start + 86_400_000 };
  let offset = 0;
  const add = async (...records: Provision[]) => {
    const batch = archive.newBatch('test');
    for (const record of records)
      batch.add(messageOf('provisions', offset++, { key: Buffer.from(record.pair) }), record);
    await archive.insert(batch);
  };
  const secret = (user: string, decisionId: string, mintedAt: number): StoredSecret => ({
    pair: { user, vm: 'web-1' },
    decisionId,
    method: 'password',
    reference: '',
    revocation: '',
    recipient: '',
    accessor: 'a',
    mintedAt,
    expiresAt: mintedAt + 30 * minute,
  });
  const prepared = (one: StoredSecret): Provision => ({
    ...blankProvision(one.pair, one.mintedAt, 'test'),
    ...factsOf(one),
    state: 'preProvisioned',
  });
  const served = (how: Provision['served'], at: number, waitedMs: number, one: StoredSecret): Provision => ({
    ...blankProvision(one.pair, at, 'test'),
    ...factsOf(one),
    state: 'delivered',
    served: how,
    endedAt: at,
    waitedMs,
  });

  assert.deepEqual(
    (await provisioningReport(archive, range)).map(({ user, requests, prepared, secretMinutes, hitRate }) => [
      user,
      requests,
      prepared,
      secretMinutes,
      hitRate,
    ]),
    [[null, 0, 0, 0, null]],
  );
  const used = secret('alice', 'd1', start);
  const wasted = secret('alice', 'd2', start + 60 * minute);
  const forgotten = secret('bob', 'd3', start);
  await add(
    prepared(used),
    prepared(used),
    served('preProvisioned', start + 10 * minute, 20, used),
    prepared(wasted),
    endedRecord(wasted, 'destroyed', wasted.mintedAt + 20 * minute, 'test'),
    // Vault ended it by its TTL, and nobody was there to say so
    prepared(forgotten),
    served('generated', start + 90 * minute, 120, secret('bob', '', start + 90 * minute)),
    served('generated', start + 91 * minute, 100, secret('bob', '', start + 91 * minute)),
    served('refreshed', start + 92 * minute, 110, secret('bob', '', start + 92 * minute)),
  );
  const [all, alice, bob, ...others] = await provisioningReport(archive, range);
  assert.deepEqual(others, []);
  assert.deepEqual(all, {
    user: null,
    requests: 4,
    hits: 1,
    hitRate: 0.25,
    prepared: 3,
    wasted: 2,
    secretMinutes: 60,
    wastedSecretMinutes: 50,
    handOverMs: 20,
    generateMs: 110,
    waitingSavedS: 0.09,
  });
  assert.deepEqual(
    [alice!.user, alice!.hitRate, alice!.prepared, alice!.wasted, alice!.secretMinutes, alice!.generateMs],
    ['alice', 1, 2, 1, 30, null],
  );
  assert.deepEqual(
    [bob!.user, bob!.hitRate, bob!.prepared, bob!.wasted, bob!.secretMinutes, bob!.handOverMs, bob!.waitingSavedS],
    ['bob', 0, 1, 1, 30, null, null],
  );
  const rows = async (query: string) => {
    const answer = await archive.client.query({
      query,
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    return await answer.json<Record<string, unknown>>();
  };
  assert.deepEqual(await rows('SELECT * FROM provision_users ORDER BY user'), [
    {
      ...{ day: '2026-03-29', user: 'alice', requests: 1, hits: 1, hit_rate: 1, prepared: 2, wasted: 1 },
      ...{ secret_minutes: 30, wasted_secret_minutes: 20, waiting_saved_s: 0.09 },
    },
    {
      ...{ day: '2026-03-29', user: 'bob', requests: 3, hits: 0, hit_rate: 0, prepared: 1, wasted: 1 },
      ...{ secret_minutes: 30, wasted_secret_minutes: 30, waiting_saved_s: 0 },
    },
  ]);
  assert.deepEqual(await rows('SELECT user, waited_ms, usual_ms, saved_ms FROM provision_savings'), [
    { user: 'alice', waited_ms: 20, usual_ms: 110, saved_ms: 90 },
  ]);
  assert.equal((await provisioningReport(archive, { fromMs: start - 2, toMs: start - 1 }))[0]!.requests, 0);
});
