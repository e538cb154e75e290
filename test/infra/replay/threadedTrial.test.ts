import assert from 'node:assert/strict';
import { test } from 'node:test';
// Its native part loads in one thread of a process alone, and in a console it is there: threads of trials must do without
import '@confluentinc/kafka-javascript';
import { NEVER, of } from 'rxjs';
import { clickhouseConfig } from '../../../infra/clickhouse/config.ts';
import { configSchema } from '../../../infra/config/config.ts';
import { threadedTrial } from '../../../infra/replay/threadedTrial.ts';
import type { Credential } from '../../../schemas/generated/index.ts';
import { parseKeylifePolicy } from '../../../schemas/keylifePolicy.ts';
import { parseScopePolicy, type ScopePolicy } from '../../../schemas/scopePolicy.ts';
import { callAt, t0 } from '../../models/scope/calls.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive } from '../clickhouse/support.ts';
import { credentialOf, scoreOf } from '../console/records.ts';

test('threadedTrial() tries a policy on the archive in a thread, and brings back what came of it', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const rows = archive.newBatch('test');
  for (let index = 0; index < 600; index++)
    rows.add(
      messageOf('telemetry.api', index),
      callAt(t0 + index * 1_000, {
        frontendCredential: index % 2 ? 'app' : 'thief',
        ...(index % 2 ? {} : { service: `service-${index % 9}`, operation: `GET /secrets/${index}`, status: 403 }),
      }),
    );
  await archive.insert(rows);
  const clickhouse = clickhouseConfig.parse({ url, database: archive.database });
  const config = configSchema.parse({});
  const attempt = threadedTrial<ScopePolicy>('scope', clickhouse, config);
  const wish = {
    policy: parseScopePolicy({ ranges: [{ upTo: 100, scope: 'default' }] }),
    inForce: parseScopePolicy({}),
    ...{ from: t0, to: t0 + 3_600_000, stopping: NEVER, progressed: () => {} },
  };
  const { pipeline, figures, differences } = await attempt(wish);
  assert.deepEqual([pipeline, figures.callers, figures.restricted, figures.againstRestricted], ['scope', 2, 0, 1]);
  assert.deepEqual(
    differences.map(({ name }) => name),
    ['thief'],
  );
  await assert.rejects(attempt({ ...wish, stopping: of(0) }), { code: 'CANCELLED' });
  const keys = threadedTrial('keylife', clickhouse, config);
  const keyWish = { ...wish, policy: parseKeylifePolicy({}), inForce: parseKeylifePolicy({}) };
  await assert.rejects(keys(keyWish), { code: 'DATA_MISSING', message: /no key that was granted/ });
  const granted = archive.newBatch('test');
  const key = { kind: 'certificate', instance: 'pseudonym', ttlMs: 300_000, shortening: 'revocable' };
  // The last one is of the minute that the archive may lag behind
  for (const [index, at] of [t0 + 1, wish.to - 1].entries()) {
    const id = `key-${index + 1}`;
    granted.add(messageOf('credentials', index), credentialOf(id, at, { ...key, event: id } as Partial<Credential>));
    granted.add(messageOf('scores', index), {
      ...scoreOf(id, at, 0.9),
      ...{ pipeline: 'keylife', role: 'champion', windowEnd: at },
      contributions: [
        { feature: 'mouse.statistical', weight: 1, direction: 'above', expected: 0, observed: 1, unit: 'log odds' },
      ],
    });
  }
  await archive.insert(granted);
  const stricter = parseKeylifePolicy({ rotateAfterMs: 60_000 });
  const { lives } = await keys({ ...keyWish, policy: stricter });
  assert.deepEqual(lives, [
    { lifeMs: 300_000, draft: 0, inForce: 1 },
    { lifeMs: 60_000, draft: 1, inForce: 0 },
  ]);
  await assert.rejects(threadedTrial('keylife', { ...clickhouse, url: 'http://127.0.0.1:9' }, config)(keyWish), {
    code: 'CLICKHOUSE_UNAVAILABLE',
  });
});
