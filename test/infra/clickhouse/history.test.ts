import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectHistory } from '../../../infra/clickhouse/history.ts';
import type { Decision, Effect, Score } from '../../../schemas/generated/index.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive } from './support.ts';

const score: Score = {
  ...{
    subject: 'cred-1',
    pipeline: 'lifecycle',
    windowStart: 1_790_000_000_000,
    windowEnd: 1_790_000_010_000,
    samples: 10,
  },
  ...{ score: 0.75, risk: 75, severity: 0.5, frequency: 0.25, pValue: 0.001, statistic: 12.5, learning: false },
  ...{
    contributions: [
      { feature: 'cpuCores.level', weight: 0.5, direction: 'above', expected: 0.5, observed: 2, unit: 'cores' },
      { feature: 'apiCalls.level', weight: 0.25, direction: '', expected: null, observed: null, unit: 'calls/s' },
    ],
    modelVersion: 'm1',
    role: 'champion',
  },
};
const decision: Decision = {
  ...{
    decisionId: 'lifecycle/cred-1/1790000010000',
    subject: 'cred-1',
    pipeline: 'lifecycle',
    action: 'shorten',
    mode: 'enforce',
  },
  ...{
    withheld: '',
    oldTtlMs: 60_000,
    newTtlMs: 30_000,
    oldScope: '',
    newScope: '',
    risk: 75,
    reason: 'Score 0.75 lies above 0.6',
    score: 0.75,
    severity: 0.5,
  },
  ...{ frequency: 0.25, features: ['cpuCores'], strikes: 1, policyVersion: 'p1', modelVersion: 'm1' },
  ...{ windowEnd: 1_790_000_010_000, decidedAt: 1_790_000_010_123, deadline: 1_790_000_040_000 },
};
const effect: Effect = {
  ...{
    decisionId: decision.decisionId,
    subject: 'cred-1',
    pipeline: 'lifecycle',
    action: 'shorten',
    outcome: 'enforced',
  },
  ...{
    detail: 'Vault says 30 s',
    skipped: '',
    requestedTtlMs: 30_000,
    remainingMs: 30_000,
    expiresAt: 1_790_000_040_200,
  },
  ...{ status: 200, attempts: 1, latencyMs: 12.5, appliedAt: 1_790_000_010_200 },
};

test('subjectHistory must return the records of one subject and time, in order, as they were', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const batch = archive.newBatch('test');
  const later = { ...score, windowEnd: score.windowEnd + 10_000, statistic: 1 };
  batch.add(messageOf('scores', 8), later);
  batch.add(messageOf('scores', 7), score);
  batch.add(messageOf('scores', 9), { ...score, windowEnd: score.windowEnd + 20_000 });
  batch.add(messageOf('scores', 10), { ...score, subject: "cred-2' OR 1" });
  batch.add(messageOf('decisions', 1), decision);
  batch.add(messageOf('effects', 1), { ...effect, remainingMs: null });
  await archive.insert(batch);
  await archive.insert(batch);

  const until = score.windowEnd + 20_000;
  assert.deepEqual(await subjectHistory(archive, 'cred-1', score.windowEnd, until), {
    scores: [score, later],
    decisions: [decision],
    effects: [{ ...effect, remainingMs: null }],
  });
  const newest = await subjectHistory(archive, 'cred-1', 0, until + 1, 1);
  assert.deepEqual(
    newest.scores.map(({ windowEnd }) => windowEnd),
    [until],
  );
  assert.equal((await subjectHistory(archive, "cred-2' OR 1", 0, until)).scores.length, 1);
});
