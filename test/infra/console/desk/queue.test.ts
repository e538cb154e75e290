import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Queue, type QueueQuery } from '../../../../infra/console/desk/queue.ts';
import type { Change } from '../../../../infra/console/view/protocol.ts';
import type { Alert, Decision, Label } from '../../../../schemas/generated/index.ts';
import { decisionOf, effectOf } from '../records.ts';

const hour = 3_600_000;
const everything: QueueQuery = {
  state: 'all',
  q: '',
  action: '',
  pipeline: '',
  mode: '',
  outcome: '',
  least: 0,
  offset: 0,
  limit: 100,
};
const strangers = { nameOf: (subject: string) => subject, othersOf: () => 0 };
const decided = (decision: Decision): Change => ({
  type: 'decision',
  id: decision.subject,
  at: decision.decidedAt,
  decision,
});
const alerted = (alert: Partial<Alert>): Change => {
  const whole = {
    alertId: 'a',
    subject: 's',
    pipeline: 'p',
    kind: 'drift',
    severity: 'critical',
    summary: 'Look',
    decisionId: null,
    at: 0,
    ...alert,
  } as Alert;
  return { type: 'alert', id: whole.subject, at: whole.at, alert: whole };
};
const labelled = (label: Partial<Label>): Change => {
  const whole = {
    subject: 's',
    decisionId: null,
    verdict: 'falsePositive',
    windowStart: null,
    windowEnd: null,
    note: '',
    by: 'ann',
    at: 1,
    ...label,
  } as Label;
  return { type: 'label', id: whole.subject, at: whole.at, label: whole };
};
const ids = (queue: Queue, query: Partial<QueueQuery> = {}) =>
  queue.find({ ...everything, ...query }).entries.map(({ id }) => id);

describe('Queue', () => {
  it('orders by severity × reach × age, and that order does not change with the clock', () => {
    const queue = new Queue(100, {
      nameOf: (subject) => subject,
      othersOf: (subject) => (subject === 'shared' ? 15 : 0),
    });
    const now = 100 * hour;
    queue.hear(decided(decisionOf('mild', 'shorten', now, { decisionId: 'mild', score: 0.7, severity: 0.7 })));
    queue.hear(decided(decisionOf('old', 'revoke', now - 16 * hour, { decisionId: 'old', score: 1, severity: 1 })));
    queue.hear(decided(decisionOf('grave', 'revoke', now, { decisionId: 'grave', score: 1, severity: 1 })));
    queue.hear(decided(decisionOf('shared', 'shorten', now, { decisionId: 'shared', score: 0.7, severity: 0.7 })));
    // 0.42 × (1 + log2 16) = 2.1; 1; 0.42; 1 after two half-lives = 0.25
    assert.deepEqual(ids(queue), ['shared', 'grave', 'mild', 'old']);
  });

  it('leaves out what took nothing away, and takes a decision delivered twice once', () => {
    const queue = new Queue(100, strangers);
    queue.hear(decided(decisionOf('a', 'extend', 1)));
    queue.hear(decided(decisionOf('a', 'keep', 2)));
    const harsh = decisionOf('a', 'revoke', 3);
    queue.hear(decided(harsh));
    queue.hear(decided(harsh));
    assert.deepEqual(ids(queue), [harsh.decisionId]);
  });

  it('joins an alert with the decision that it is about, whichever comes first', () => {
    for (const alertFirst of [true, false]) {
      const queue = new Queue(100, strangers);
      const decision = decisionOf('s', 'shorten', 5, { score: 0.5, severity: 0.5 });
      const changes = [decided(decision), alerted({ decisionId: decision.decisionId, kind: 'revoked' })];
      for (const change of alertFirst ? changes.toReversed() : changes) queue.hear(change);
      const [entry, ...others] = queue.find(everything).entries;
      assert.deepEqual(others, []);
      assert.deepEqual(
        [entry?.action, entry?.kind, entry?.severity, entry?.text],
        ['shorten', 'revoked', 1, decision.reason],
      );
    }
  });

  it('counts what waits through labels, corrections, withdrawals and labels that come before their decision', () => {
    const queue = new Queue(100, strangers);
    const decision = decisionOf('s', 'revoke', 5);
    queue.hear(labelled({ decisionId: decision.decisionId, by: 'early' }));
    queue.hear(decided(decision));
    assert.equal(queue.waiting, 0);
    queue.hear(labelled({ decisionId: decision.decisionId, by: 'ann', verdict: 'maliciousActivity' }));
    queue.hear(labelled({ decisionId: decision.decisionId, by: 'early', verdict: 'withdrawn' }));
    assert.deepEqual(
      queue.find(everything).entries[0]!.labels.map(({ by, verdict }) => [by, verdict]),
      [['ann', 'maliciousActivity']],
    );
    queue.hear(labelled({ decisionId: decision.decisionId, by: 'ann', verdict: 'withdrawn' }));
    assert.equal(queue.waiting, 1);
    assert.deepEqual(ids(queue, { state: 'waiting' }), [decision.decisionId]);
  });

  it('keeps an effect that comes before its decision', () => {
    const queue = new Queue(100, strangers);
    const decision = decisionOf('s', 'revoke', 5);
    queue.hear({ type: 'effect', id: 's', at: 6, effect: effectOf(decision, 6) });
    queue.hear(decided(decision));
    assert.equal(queue.find(everything).entries[0]!.outcome, 'enforced');
    assert.deepEqual(ids(queue, { outcome: 'skipped' }), []);
  });

  it('folds what follows closely on one subject into one row: the worst, how many, since when; judged and unjudged apart', () => {
    for (const isReversed of [false, true]) {
      const queue = new Queue(100, strangers);
      const minutes = [0, 10, 20, 60, 65] as const;
      const made = minutes.map((minute) =>
        decisionOf('s', minute === 10 ? 'revoke' : 'shorten', minute * 60_000, {
          decisionId: `d-${minute}`,
          score: 0.8,
          severity: 0.8,
        }),
      );
      // The archive tells of the last first
      for (const decision of isReversed ? made.toReversed() : made) queue.hear(decided(decision));
      queue.hear(decided(decisionOf('other', 'shorten', 60_000, { decisionId: 'o', score: 0.5, severity: 0.5 })));
      const rows = (state: QueueQuery['state']) =>
        queue
          .find({ ...everything, state })
          .entries.map(({ id, episode: { ids, from, to } }) => [id, ids.length, from / 60_000, to / 60_000]);
      assert.deepEqual(rows('waiting'), [
        ['d-10', 3, 0, 20],
        ['d-65', 2, 60, 65],
        ['o', 1, 1, 1],
      ]);
      assert.equal(queue.waiting, 3);
      const filtered = queue
        .find({ ...everything, action: 'shorten' })
        .entries.map(({ episode: { ids } }) => [...ids].sort());
      assert.deepEqual(filtered.slice(0, 2), [
        ['d-60', 'd-65'],
        ['d-0', 'd-20'],
      ]);
      for (const id of ['d-0', 'd-10']) queue.hear(labelled({ decisionId: id }));
      assert.equal(queue.waiting, 3);
      assert.deepEqual(rows('waiting')[1], ['d-20', 1, 20, 20]);
      queue.hear(labelled({ decisionId: 'd-20' }));
      assert.equal(queue.waiting, 2);
      assert.deepEqual(rows('labelled'), [['d-10', 3, 0, 20]]);
      assert.equal(rows('all').length, 3);
    }
  });

  it('takes a label of a time for what is said of the alerts of that time, not of decisions and other alerts', () => {
    const queue = new Queue(100, strangers);
    queue.hear(decided(decisionOf('s', 'revoke', 5_000, { decisionId: 'd' })));
    for (const at of [4_000, 5_000, 6_000]) queue.hear(alerted({ alertId: `a-${at}`, at }));
    queue.hear(labelled({ decisionId: 'd', verdict: 'maliciousActivity', at: 7_000 }));
    queue.hear(labelled({ windowStart: 5_000, windowEnd: 5_001, at: 8_000 }));
    const said = ['a-4000', 'a-5000', 'a-6000', 'd'].map((id) => [
      id,
      queue.entry(id)!.labels.map(({ verdict }) => verdict),
    ]);
    assert.deepEqual(said, [
      ['a-4000', []],
      ['a-5000', ['falsePositive']],
      ['a-6000', []],
      ['d', ['maliciousActivity']],
    ]);
    queue.hear(labelled({ windowStart: 5_000, windowEnd: 5_001, verdict: 'withdrawn', at: 9_000 }));
    assert.equal(queue.entry('d')!.labels.length, 1);
    assert.equal(queue.entry('a-5000')!.labels.length, 0);
  });

  it('pages and filters, and lets the least go beyond its bound', () => {
    const queue = new Queue(50, strangers);
    for (let index = 0; index < 80; index += 1)
      queue.hear(
        decided(
          decisionOf(`s-${index}`, index % 2 ? 'revoke' : 'shorten', index * hour, {
            decisionId: `d-${index}`,
            score: 0.9,
            severity: 0.9,
          }),
        ),
      );
    assert.equal(queue.size, 50);
    const page = queue.find({ ...everything, action: 'revoke', offset: 5, limit: 3 });
    assert.equal(page.total, queue.find({ ...everything, action: 'revoke' }).entries.length);
    assert.deepEqual(
      page.entries.map(({ id }) => id),
      ids(queue, { action: 'revoke' }).slice(5, 8),
    );
    assert.deepEqual(ids(queue, { q: 's-79' }), ['d-79']);
    assert.ok(!ids(queue).includes('d-0'));
  });
});
