import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ConsolePorts } from '../../../infra/console/ports.ts';
import type { DeskView, QueuePage, SubjectPage } from '../../../infra/console/view/desk.ts';
import type { Investigation } from '../../../infra/console/view/investigation.ts';
import type { SubjectDetail } from '../../../infra/console/view/subject.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { until } from '../../services/context.ts';
import { type Harness, startHarness } from './harness.ts';
import { credentialOf, decisionOf, effectOf, scoreOf } from './records.ts';

const away = async (): Promise<never> => {
  throw new EbbtideError('CLICKHOUSE_UNAVAILABLE', 'ClickHouse does not answer');
};
const archiveAway = { ping: away, history: away, queue: away, timeline: away, related: away } as unknown as NonNullable<
  ConsolePorts['archive']
>;

describe('the desk of the console', { timeout: 120_000 }, () => {
  let harness: Harness;
  let cookie: string;
  const ask = async <T>(path: string, body?: unknown): Promise<{ readonly status: number; readonly body: T }> => {
    const answer = await fetch(new URL(path, harness.console.address), {
      headers: { cookie, ...(body !== undefined && { 'content-type': 'application/json', 'x-ebbtide-console': '1' }) },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json');
    return { status: answer.status, body: (isJson ? JSON.parse(text) : text) as T };
  };
  const act = (id: string, action: 'shorten' | 'revoke') => {
    const now = Date.now();
    const decision = decisionOf(id, action, now, { reason: `Test of ${action}` });
    harness.feed.decision(decision, now);
    harness.feed.effect(effectOf(decision, now));
    return decision;
  };
  before(async () => {
    harness = await startHarness({ flushMs: 20 }, { archive: archiveAway });
    cookie = await harness.enter();
    const now = Date.now();
    for (const name of ['checkout', 'invoices'])
      harness.feed.credential(credentialOf(`cred-${name}`, now, { function: name }), now);
    harness.feed.score(scoreOf('cred-checkout', now, 0.42), now);
  });
  after(() => harness?.close());

  it('each revocation opens an investigation, with the decision that it is about', async () => {
    const decision = act('cred-checkout', 'revoke');
    const list = async () =>
      (await ask<{ entries: Investigation[] }>('/api/investigations')).body.entries.filter(
        ({ subject }) => subject === 'cred-checkout',
      );
    await until('what the desk says', async () => (await list()).length === 1);
    const [one] = await list();
    assert.deepEqual(
      [one!.title, one!.decisionIds, one!.openedBy],
      ['checkout: credential revoked', [decision.decisionId], 'ebbtide'],
    );
    const { body } = await ask<{ decisions: { id: string }[] }>(`/api/investigations/${one!.id}`);
    assert.deepEqual(
      body.decisions.map(({ id }) => id),
      [decision.decisionId],
    );
  });

  it('of two analysts who take one at once, one is told; comments of both stay, as the text that they are', async () => {
    const opened = await ask<Investigation>('/api/investigations', { subject: 'cred-invoices', title: 'Odd hours' });
    assert.equal(opened.status, 201);
    const steps = `/api/investigations/${opened.body.id}/steps`;
    const html = '<script>alert(1)</script><b>bold</b>';
    const answers = await Promise.all([
      ask<{ code: string }>(steps, { kind: 'assigned', base: 1, assignee: 'ann' }),
      ask<{ code: string; detail: string }>(steps, { kind: 'assigned', base: 1, assignee: 'bob' }),
      ask(steps, { kind: 'commented', text: html }),
      ask(steps, { kind: 'commented', text: 'second' }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 201, 409]);
    const refused = answers.find(({ status }) => status === 409)!.body as Record<string, string>;
    const { type, code, title } = refused;
    assert.deepEqual([type, code, title], ['about:blank', 'conflict', 'Conflict']);
    assert.ok(refused.correlationId);
    assert.match(refused.detail!, /was faster/);
    const { body } = await ask<{ investigation: Investigation }>(`/api/investigations/${opened.body.id}`);
    const comments = body.investigation.steps.filter(({ kind }) => kind === 'commented').map(({ text }) => text);
    assert.deepEqual(comments.sort(), [html, 'second']);
    const markdown = await ask<string>(`/api/investigations/${opened.body.id}/export?format=markdown`);
    assert.ok(!/(?<!\\)<script/.test(markdown.body));
    const json = await ask<{ investigation: Investigation }>(`/api/investigations/${opened.body.id}/export`);
    assert.equal(json.body.investigation.steps.length, body.investigation.steps.length);
  });

  it('a judgement takes an entry out of the queue, and taking it back puts it in again', async () => {
    const { decisionId, windowEnd } = act('cred-invoices', 'shorten');
    const waits = async () =>
      (await ask<QueuePage>('/api/queue?limit=500')).body.entries.some(({ id }) => id === decisionId);
    await until('what the desk says', waits);
    const label = { subject: 'cred-invoices', decisionId, windowEnd, verdict: 'falsePositive' };
    assert.equal((await ask('/api/labels', label)).status, 201);
    await until('what the desk says', async () => !(await waits()));
    const judged = await ask<QueuePage>('/api/queue?state=labelled');
    assert.equal(judged.body.entries[0]!.labels[0]!.verdict, 'falsePositive');
    assert.equal((await ask('/api/labels', { ...label, verdict: 'withdrawn' })).status, 201);
    await until('what the desk says', waits);
  });

  it('goes on with what is live while the archive is away, and says so', async () => {
    const { body } = await ask<SubjectDetail>('/api/subject?id=cred-checkout');
    assert.deepEqual(
      [body.archive, body.entry?.name, body.lane.credential?.function],
      ['away', 'checkout', 'checkout'],
    );
    assert.equal(body.lane.moments.length, 1);
    await until(
      'what the desk says',
      async () => (await ask<{ desk: DeskView }>('/api/state')).body.desk.archive === 'away',
    );
    assert.equal((await ask<SubjectPage>('/api/subjects?q=cred-checkout')).body.entries[0]!.id, 'cred-checkout');
    const { body: search } = await ask<{ found: { path: string }[] }>('/api/search?q=invoices');
    assert.ok(search.found.some(({ path }) => path === '/subjects/cred-invoices'));
  });

  it('subjects whose name is a path, a query or far too long are names, or refused in a sentence', async () => {
    const now = Date.now();
    for (const [index, id] of ['../../etc/passwd', '..', 'a?b=c&d#e', "x' OR 1=1 --", '‮💧\u0000\n'].entries()) {
      const decision = decisionOf(id, 'shorten', now + index);
      harness.feed.decision(decision, now + index);
      const path = `/api/subject?${new URLSearchParams({ id })}`;
      await until('what the desk says', async () => (await ask(path)).status === 200);
      assert.equal((await ask<SubjectDetail>(path)).body.id, id);
    }
    const long = 'x'.repeat(10_240);
    harness.feed.decision(decisionOf(long, 'shorten', now), now);
    await until('what the desk says', async () => (await ask<SubjectPage>('/api/subjects?q=xxxxx')).body.total === 1);
    const refused = await ask<{ title: string; detail: string }>(`/api/subject?id=${long}`);
    assert.equal(refused.status, 400);
    assert.match(refused.body.detail, /id: Too big: expected string to have <=1024 characters/);
    assert.equal((await ask('/api/subject?id=nobody')).status, 404);
    assert.equal((await ask('/api/queue?limit=501')).status, 400);
    assert.equal((await ask('/api/queue?unknown=1')).status, 400);
    assert.equal((await ask('/api/investigations', { subject: 'a', title: '', text: '' })).status, 400);
    assert.equal(
      (await ask(`/api/investigations/${'9'.repeat(12)}/steps`, { kind: 'commented', text: 'x' })).status,
      404,
    );
  });

  it('answers every page’s address with the page, and nothing else with it', async () => {
    for (const path of [
      '/queue',
      '/subjects',
      `/subjects/${encodeURIComponent('../a/b?c')}`,
      `/subjects/${'x'.repeat(1_024)}`,
      '/investigations',
      '/investigations/i',
    ])
      assert.match((await ask<string>(path)).body, /<div id="app">/, path);
    assert.equal((await ask('/nothing')).status, 404);
    const stranger = await fetch(new URL('/queue', harness.console.address));
    assert.equal(stranger.status, 401);
  });

  it('tells of one subject as it happens, whether it has a lane or not', async () => {
    const gone = new AbortController();
    const answer = await fetch(new URL('/api/subject/events?id=nobody-yet', harness.console.address), {
      headers: { cookie },
      signal: gone.signal,
    });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    harness.feed.score(scoreOf('nobody-yet', Date.now(), 0.3), Date.now());
    let text = '';
    while (!text.includes('"nobody-yet"')) text += (await reader.read()).value ?? '';
    assert.match(text, /event: changes/);
    gone.abort();
    await reader.cancel().catch(() => {});
  });
});

it('lets no more pages follow subjects than four for each page that may be connected', async (t) => {
  const harness = await startHarness({ clients: 1 });
  t.after(() => harness.close());
  const cookie = await harness.enter();
  const gone = new AbortController();
  t.after(() => gone.abort());
  const follow = () =>
    fetch(new URL('/api/subject/events?id=nobody-yet', harness.console.address), {
      headers: { cookie },
      signal: gone.signal,
    });
  for (let page = 0; page < 4; page += 1) assert.equal((await follow()).status, 200);
  assert.equal((await follow()).status, 429);
});
