import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archiveGrantedKeys, type GrantedKey } from '../../../infra/clickhouse/grantedKeys.ts';
import { topics } from '../../../schemas/topics.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { credentialOf, scoreOf } from '../console/records.ts';
import { messageOf, preparedArchive } from './support.ts';

const t0 = Date.UTC(2026, 0, 5, 12);

test('archiveGrantedKeys() reads keys as they were granted, with the risk of their sign-in', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const batch = archive.newBatch('test');
  const key = (id: string, issuedAt: number, rest: object = {}) =>
    credentialOf(id, issuedAt, {
      kind: 'certificate',
      instance: 'pseudonym',
      event: id,
      ttlMs: 3_600_000,
      shortening: 'revocable',
      ...rest,
    });
  const score = (subject: string, at: number, value: number) => ({
    ...scoreOf(subject, at, value),
    pipeline: 'keylife',
    role: 'champion' as const,
    windowEnd: at,
    contributions: [
      {
        feature: 'mouse.statistical',
        weight: 1,
        direction: 'above' as const,
        expected: 0,
        observed: 1,
        unit: 'log odds',
      },
    ],
  });
  const { credentials, scores } = topics;
  const records = [
    [credentials, key('key-1', t0)],
    // A later version of the same key: it was cut
    [credentials, key('key-1', t0, { status: 'ended', ttlMs: 5 })],
    [credentials, key('key-2', t0 + 1_000, { kind: 'key', shortening: 'none' })],
    // In place of another, of somebody else's kind, and too early
    [credentials, key('key-3', t0 + 2_000, { event: 'key-1' })],
    [credentials, credentialOf('cred-1', t0)],
    [credentials, key('key-0', t0 - 1)],
    [scores, score('key-1', t0, 0.25)],
    [scores, score('key-1', t0 + 500, 0.9)],
  ] as const;
  for (const [offset, [topic, record]] of records.entries())
    batch.add(messageOf(topic.name, offset, { timestamp: t0 + offset }), record);
  await archive.insert(batch);
  const read = async (most: number): Promise<GrantedKey[]> => {
    const keys: GrantedKey[] = [];
    await archiveGrantedKeys(archive).each(t0, t0 + 60_000, most, (one) => keys.push(one));
    return keys;
  };
  const second = {
    credentialId: 'key-2',
    user: 'pseudonym',
    issuedAt: t0 + 1_000,
    ttlMs: 3_600_000,
    revocable: false,
    risk: null,
    heard: [],
  };
  assert.deepEqual(await read(10), [
    { ...second, credentialId: 'key-1', issuedAt: t0, revocable: true, risk: 0.25, heard: ['mouse.statistical'] },
    second,
  ]);
  assert.deepEqual(await read(1), [second]);
});
