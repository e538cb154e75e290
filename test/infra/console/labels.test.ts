import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { QueuePage } from '../../../infra/console/view/desk.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Alert, Label } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { until } from '../../services/context.ts';
import { type Harness, startHarness } from './harness.ts';
import { decisionOf } from './records.ts';

describe('judgements of rows of the queue', { timeout: 120_000 }, () => {
  let harness: Harness;
  let cookie: string;
  let codec: TopicCodec<Label>;
  before(async () => {
    harness = await startHarness({ flushMs: 20 });
    cookie = await harness.enter();
    codec = await TopicCodec.open<Label>(topics.labels, harness.context.registry);
  });
  after(() => harness?.close());

  const rows = async (query: string): Promise<QueuePage['entries']> => {
    const answer = await fetch(new URL(`/api/queue?${query}`, harness.console.address), { headers: { cookie } });
    return ((await answer.json()) as QueuePage).entries;
  };
  const label = async (body: object): Promise<{ status: number; ids: string[] }> => {
    const answer = await fetch(new URL('/api/labels', harness.console.address), {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', 'x-ebbtide-console': '1' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, ...((await answer.json()) as { ids: string[] }) };
  };
  const labels = (subject: string) =>
    harness.kafka.messages
      .filter(({ topic }) => topic === topics.labels.name)
      .map(({ value }) => codec.decode(value!))
      .filter((one) => one.subject === subject);
  const decide = (subject: string, ages: readonly number[], severity = 1) => {
    const now = Date.now();
    return ages.map((age) => {
      const decisionId = `lifecycle/${subject}/${age}`;
      harness.feed.decision(
        decisionOf(subject, 'revoke', now - age * 60_000, { decisionId, severity, score: severity }),
        now,
      );
      return decisionId;
    });
  };
  /** The one row of a subject, once it stands for so many. */
  const row = (subject: string, state: string, count: number, more = '') =>
    until(`a row of ${count} ${state}`, async () => {
      const found = await rows(`state=${state}&q=${subject}${more}`);
      return found.length === 1 && found[0]!.episode.ids.length === count ? found[0]! : undefined;
    });

  it('are of what the row shows: judged again, the waiting ones of its episode still wait; undone, later ones stay', async () => {
    const subject = 'cred-flap';
    const first = decide(subject, [5, 4, 3]);
    const before = await row(subject, 'waiting', 3);
    const judged = await label({ subject, verdict: 'falsePositive', ids: before.episode.ids });
    assert.equal(judged.status, 201);
    assert.deepEqual(judged.ids.sort(), [...first].sort());
    await row(subject, 'labelled', 3);
    const second = decide(subject, [2, 1]);
    const later = await row(subject, 'waiting', 2);
    const again = await row(subject, 'labelled', 3);
    await label({ subject, verdict: 'maliciousActivity', ids: again.episode.ids });
    await until(
      'the new verdict',
      async () => (await row(subject, 'labelled', 3)).labels[0]?.verdict === 'maliciousActivity',
    );
    assert.deepEqual([...(await row(subject, 'waiting', 2)).episode.ids].sort(), [...second].sort());
    const last = await label({ subject, verdict: 'falsePositive', ids: later.episode.ids });
    // At once: what it judged has perhaps not come back yet
    const undone = await label({ subject, verdict: 'withdrawn', ids: last.ids });
    assert.deepEqual(undone.ids.sort(), [...second].sort());
    await row(subject, 'waiting', 2);
    await row(subject, 'labelled', 3);
    assert.equal((await label({ subject, verdict: 'withdrawn', ids: ['lifecycle/nobody/1'] })).status, 404);
  });

  it('leave out what the filter leaves out', async () => {
    const subject = 'cred-filtered';
    const [grave] = decide(subject, [2]);
    decide(subject, [1], 0.3);
    await row(subject, 'waiting', 2);
    const shown = await row(subject, 'waiting', 1, '&least=0.9');
    await label({ subject, verdict: 'falsePositive', ids: shown.episode.ids });
    await row(subject, 'labelled', 1);
    assert.deepEqual(
      labels(subject).map(({ decisionId }) => decisionId),
      [grave],
    );
  });

  it('of an alert about no decision are of its moment', async () => {
    const subject = 'cred-alerted';
    const alerts = await TopicCodec.open<Alert>(topics.alerts, harness.context.registry);
    const at = Date.now() - 60_000;
    decide(subject, [0]);
    for (const pipeline of ['scope', 'signals']) {
      const alert: Alert = {
        ...{ alertId: `a/${pipeline}`, subject, pipeline, kind: 'drift', severity: 'critical', summary: 'Odd' },
        ...{ decisionId: null, at: at + pipeline.length },
      };
      harness.kafka.publish(topics.alerts.name, subject, alerts.encode(alert), at);
    }
    const found = await row(subject, 'waiting', 1, '&pipeline=scope');
    await label({ subject, verdict: 'falsePositive', ids: found.episode.ids });
    await row(subject, 'labelled', 1);
    const waiting = await rows(`state=waiting&q=${subject}`);
    assert.deepEqual(waiting.map(({ pipeline }) => pipeline).sort(), ['lifecycle', 'signals']);
    assert.deepEqual(
      labels(subject).map(({ decisionId, windowStart, windowEnd }) => [decisionId, windowStart, windowEnd]),
      [[null, at + 5, at + 6]],
    );
  });
});
