import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conclusionOf } from '../../../infra/cli/actions/trace.ts';
import { waterfall } from '../../../infra/cli/waterfall.ts';
import { decisionTrace } from '../../../infra/clickhouse/decisionTrace.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive } from './support.ts';

const end = 1_790_000_000_000;
const common = { severity: 0.9, frequency: 0.5, modelVersion: 'm' };
const scored = (pipeline: string, subject: string) => ({
  ...{ subject, pipeline, windowStart: end - 10_000, windowEnd: end, samples: 10, score: 0.95, risk: 95, ...common },
  ...{ pValue: 0.0001, statistic: 9, learning: false, contributions: [], role: 'champion' },
});
const decided = (pipeline: string, subject: string, action: string) => ({
  ...{ decisionId: `${pipeline}/${subject}/${end}`, subject, pipeline, action, mode: 'enforce', withheld: '' },
  ...{ oldTtlMs: 600_000, newTtlMs: 0, oldScope: 'default', newScope: 'blocked', reason: 'score 0.95 above 0.9' },
  ...{
    score: 0.95,
    risk: 95,
    features: [],
    strikes: 1,
    policyVersion: 'p',
    windowEnd: end,
    decidedAt: end,
    deadline: null,
  },
  ...common,
});

test('decisionTrace must tell the way of a decision by the times that the archive has', async (t) => {
  const archive = await preparedArchive(t, (await clickHouse(t)).url);
  const batch = archive.newBatch('test');
  const add = (topic: string, timestamp: number, record: object) =>
    batch.add(messageOf(topic, timestamp - end, { timestamp }), record);
  add('scores', end + 600, scored('lifecycle', 'cred'));
  add('decisions', end + 600, decided('lifecycle', 'cred', 'revoke'));
  const effect = {
    ...{ decisionId: `lifecycle/cred/${end}`, subject: 'cred', pipeline: 'lifecycle', action: 'revoke' },
    ...{ outcome: 'enforced', detail: 'Vault revoked the token', skipped: '', requestedTtlMs: 0, remainingMs: 0 },
    ...{ expiresAt: null, status: 204, attempts: 2, latencyMs: 40, appliedAt: end + 640 },
  };
  add('effects', end + 645, effect);
  add('decisions', end + 700, decided('scope', 'caller', 'narrow'));
  const override = {
    ...{ frontendCredential: 'caller', scope: 'blocked', service: null, risk: 95, mode: 'enforce', expiresAt: null },
    ...{ decisionId: `scope/caller/${end}`, policyVersion: 'p', reasons: [], at: end },
  };
  batch.add(messageOf('scope-overrides', 1, { timestamp: end + 700, key: Buffer.from('caller') }), override);
  const call = {
    ...{ frontendCredential: 'caller', service: 'orders', operation: 'GET /orders', status: 403, requestBytes: 0 },
    ...{
      responseBytes: 0,
      durationMs: 0,
      address: '',
      latitude: null,
      longitude: null,
      scope: 'blocked',
      denied: true,
    },
    ...{
      errorCode: 'scopeTooNarrow',
      userAgent: '',
      group: '',
      threatFeed: '',
      threatIndicator: '',
      threatConfidence: 0,
    },
    clock: null,
  };
  add('telemetry.api', end + 950, { ...call, time: end + 900 });
  await archive.insert(batch);

  const revoked = await decisionTrace(archive, `lifecycle/cred/${end}`);
  assert.deepEqual(
    revoked.steps.map(({ name, startMs, endMs }) => [name, startMs - end, endMs - end]),
    [
      ['window of behaviour', -10_000, 0],
      ['grace, scored, decided', 0, 600],
      ['applied at Vault', 600, 640],
      ['effect on record', 640, 645],
    ],
  );
  assert.equal(revoked.steps[2]!.detail, 'enforced after 2 tries: Vault revoked the token');
  const narrowed = await decisionTrace(archive, `scope/caller/${end}`);
  assert.deepEqual(
    narrowed.steps.map(({ name, startMs, endMs }) => [name, startMs - end, endMs - end]),
    [
      ['grace, scored, decided', 0, 700],
      ['override on record', 700, 700],
      ['until a call is refused', 700, 900],
    ],
  );
  assert.deepEqual(
    [revoked, narrowed].map(({ inEffectMs }) => inEffectMs! - end),
    [640, 900],
  );
  assert.equal(conclusionOf(revoked), '640 ms from the end of the window until it was in effect');

  const shadow = archive.newBatch('test');
  const put = (topic: string, offset: number, record: object, key = 'x') =>
    shadow.add(messageOf(topic, offset, { timestamp: end + 600, key: Buffer.from(key) }), record);
  const watched = { ...decided('lifecycle', 'watched', 'revoke'), mode: 'shadow' };
  put('decisions', 10_000, watched);
  const of = { decisionId: watched.decisionId, subject: 'watched' };
  put('effects', 10_000, {
    ...effect,
    ...of,
    outcome: 'skipped',
    skipped: 'shadow',
    detail: 'shadow mode',
    status: null,
  });
  put('decisions', 10_001, { ...decided('scope', 'seen', 'narrow'), mode: 'shadow' });
  const shown = { ...override, frontendCredential: 'seen', decisionId: `scope/seen/${end}`, mode: 'shadow' };
  put('scope-overrides', 10_000, shown, 'seen');
  put('telemetry.api', 10_000, { ...call, frontendCredential: 'seen', time: end + 900 });
  put('decisions', 10_002, decided('lifecycle', 'fresh', 'revoke'));
  await archive.insert(shadow);
  for (const [id, said] of [
    ['lifecycle/watched', 'It did not come into effect'],
    ['scope/seen', 'It did not come into effect'],
    ['lifecycle/fresh', 'No effect of it is archived'],
  ] as const) {
    const trace = await decisionTrace(archive, `${id}/${end}`);
    assert.deepEqual([trace.inEffectMs, conclusionOf(trace)], [null, said], id);
  }
  await assert.rejects(decisionTrace(archive, "lifecycle/'/1"), {
    code: 'NOT_FOUND',
    message: /No decision lifecycle\/'\/1/,
  });
});

test('waterfall must draw each step where it was, and one that took no time as a mark', () => {
  const step = (name: string, startMs: number, endMs: number) => ({ name, by: 'x', startMs, endMs, detail: '' });
  const lines = waterfall([step('first', 0, 500), step('second', 500, 1000), step('third', 1000, 1000)]);
  assert.deepEqual(lines, [
    `first   x        +0 ms     500 ms  ${'█'.repeat(20)}`,
    `second  x      +500 ms     500 ms  ${' '.repeat(20)}${'█'.repeat(20)}`,
    `third   x         +1 s       0 ms  ${' '.repeat(39)}│`,
  ]);
});
