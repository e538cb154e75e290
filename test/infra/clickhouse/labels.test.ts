import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archiveLabels } from '../../../infra/clickhouse/labels.ts';
import type { Decision, Label } from '../../../schemas/generated/index.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive } from './support.ts';

const label: Label = {
  subject: 'a',
  decisionId: 'lifecycle/a/1',
  verdict: 'falsePositive',
  windowStart: null,
  windowEnd: 1_790_000_000_000,
  note: 'n',
  by: 'ann',
  at: 1_790_000_100_000,
};
const decision = (subject: string, windowEnd: number, action: Decision['action']): Decision => ({
  ...{ decisionId: `lifecycle/${subject}/${windowEnd}`, subject, pipeline: 'lifecycle', action, mode: 'shadow' },
  ...{
    withheld: '',
    oldTtlMs: 1,
    newTtlMs: 1,
    oldScope: '',
    newScope: '',
    risk: 90,
    reason: '',
    score: 0.9,
    severity: 1,
    frequency: 0,
    features: [],
  },
  ...{ strikes: 0, policyVersion: 'p', modelVersion: 'm', windowEnd, decidedAt: windowEnd + 5, deadline: null },
});

test('archiveLabels() gives labels with the ids of their decisions, and the decisions they are about', async (t) => {
  const archive = await preparedArchive(t, (await clickHouse(t)).url);
  const batch = archive.newBatch('test');
  const nameless = { ...label, subject: 'b', decisionId: null, windowEnd: null, at: label.at + 1 };
  batch.add(messageOf('labels', 1), label);
  batch.add(messageOf('labels', 2), nameless);
  batch.add(messageOf('labels', 3), { ...label, at: label.at + 1_000_000 });
  const decisions = [
    decision('a', 1, 'shorten'),
    decision('b', 1_000, 'revoke'),
    decision('b', 2_000, 'extend'),
    decision('b', 9_000, 'revoke'),
  ];
  for (const [offset, one] of decisions.entries()) batch.add(messageOf('decisions', offset), one);
  await archive.insert(batch);
  const archived = archiveLabels(archive);
  const range = { fromMs: label.at, toMs: label.at + 2 };
  assert.deepEqual(await archived.labels(range), [label, nameless]);
  // The last harsh decision before, as the console takes it
  const found = await archived.decisions(['lifecycle/a/1', 'gone'], [{ subject: 'b', atMs: 5_000 }]);
  assert.deepEqual(found, [
    { decisionId: 'lifecycle/a/1', subject: 'a', windowEnd: 1 },
    { decisionId: 'lifecycle/b/1000', subject: 'b', windowEnd: 1_000 },
  ]);
  assert.deepEqual(await archived.labels({ fromMs: 0, toMs: 1 }), []);
});
