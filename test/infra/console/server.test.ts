import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TopicCodec } from '../../../schemas/codec.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { Control, Label } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { until } from '../../services/context.ts';
import { type Harness, part, startHarness } from './harness.ts';
import { credentialOf, scoreOf } from './records.ts';

/** A request with any headers, `Host` and `Origin` among them, which fetch keeps to itself. */
const raw = (
  url: string,
  headers: Record<string, string>,
  method = 'GET',
  body?: string,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers: { ...(body && { 'content-type': 'application/json' }), ...headers } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode!, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

describe('startConsole', () => {
  let harness: Harness;
  let cookie: string;
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-console-'));
  const linkFile = join(folder, 'link');
  const address = () => harness.console.address;
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${address()}${path}`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', 'x-ebbtide-console': '1', ...headers },
      body: JSON.stringify(body),
    });

  before(async () => {
    harness = await startHarness({ linkFile });
    cookie = await harness.enter();
  });
  after(async () => {
    await harness.close();
    rmSync(folder, { recursive: true });
  });

  it('lets in whoever opens the link, once, and then has another link', async () => {
    const { link } = harness.console;
    assert.equal(readFileSync(linkFile, 'utf8'), `${link}\n`);
    assert.equal(statSync(linkFile).mode & 0o777, 0o600);
    const first = await fetch(link, { redirect: 'manual' });
    assert.equal(first.status, 303);
    assert.equal(first.headers.get('location'), '/');
    assert.match(
      first.headers.get('set-cookie')!,
      /^ebbtide_console_\d+=[\w.-]+; Max-Age=\d{4}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    assert.equal((await fetch(link, { redirect: 'manual' })).status, 401);
    assert.notEqual(harness.console.link, link);
    assert.equal(readFileSync(linkFile, 'utf8'), `${harness.console.link}\n`);
  });

  it('refuses page and API without the cookie, or with a wrong one', async () => {
    for (const path of ['/', '/api/state', '/api/events', '/api/credentials/a/history'])
      for (const headers of [{}, { cookie: `${cookie}x` }])
        assert.equal((await fetch(`${address()}${path}`, { headers })).status, 401, path);
  });

  it('answers the page with a strict content policy and nothing from elsewhere', async () => {
    const answer = await fetch(address(), { headers: { cookie } });
    assert.equal(answer.status, 200);
    const policy = answer.headers.get('content-security-policy')!;
    assert.match(policy, /default-src 'none'; script-src 'self' 'sha256-[\w+/]{43}='; style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|http:|https:/);
    assert.equal(answer.headers.get('x-frame-options'), 'DENY');
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
    const page = await answer.text();
    assert.doesNotMatch(page, /https?:|style="| on\w+="/);
    // The one script without a file is let run by its hash
    const [inline, ...others] = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)];
    assert.equal(others.length, 0);
    assert.ok(policy.includes(createHash('sha256').update(inline![1]!).digest('base64')));
    for (const [, path] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      const asset = await fetch(`${address()}${path}`);
      assert.equal(asset.status, 200, path);
      assert.equal(
        (await fetch(`${address()}${path}`, { headers: { 'if-none-match': asset.headers.get('etag')! } })).status,
        304,
      );
    }
  });

  it('refuses a POST of another site, one without the header, and a foreign Host', async () => {
    const url = `${address()}/api/control/kill-switch`;
    const host = new URL(url).host;
    const body = JSON.stringify({ on: true });
    const good = { cookie, host, origin: address(), 'x-ebbtide-console': '1' };
    for (const wrong of [{ origin: 'https://evil.example' }, { origin: 'null' }, { host: 'evil.example' }])
      assert.equal((await raw(url, { ...good, ...wrong }, 'POST', body)).status, 403, JSON.stringify(wrong));
    const { 'x-ebbtide-console': _, ...withoutHeader } = good;
    assert.equal((await raw(url, withoutHeader, 'POST', body)).status, 403);
    assert.equal((await raw(`${address()}/api/state`, { cookie, host: 'rebound.example' })).status, 403);
    assert.equal(harness.kafka.messages.filter(({ topic }) => topic === topics.control.name).length, 0);
  });

  it('writes a label as its reader, and refuses one that does not fit by naming the field', async () => {
    const answer = await post('/api/labels', {
      subject: 'cred-1',
      decisionId: 'lifecycle/cred-1/5',
      verdict: 'falsePositive',
      note: 'backup',
    });
    assert.equal(answer.status, 201);
    const codec = await TopicCodec.open<Label>(topics.labels, harness.context.registry);
    const message = harness.kafka.messages.findLast(({ topic }) => topic === topics.labels.name)!;
    const label = codec.decode(message.value!);
    assert.equal(String(message.key), 'cred-1');
    assert.deepEqual([label.verdict, label.decisionId, label.note], ['falsePositive', 'lifecycle/cred-1/5', 'backup']);
    assert.ok(label.by.length > 0 && Math.abs(label.at - Date.now()) < 60_000);

    for (const [body, named] of [
      [{ subject: 'cred-1', verdict: 'odd' }, 'verdict'],
      [{ verdict: 'falsePositive' }, 'subject'],
      [{ subject: 'cred-1', verdict: 'falsePositive', extra: 1 }, 'extra'],
    ] as const) {
      const refused = await post('/api/labels', body);
      assert.equal(refused.status, 400);
      assert.match(refused.headers.get('content-type')!, /problem\+json/);
      assert.match(((await refused.json()) as { detail: string }).detail, new RegExp(named));
    }
    assert.equal((await post('/api/labels', { note: 'x'.repeat(300_000) })).status, 413);
  });

  it('sets mode and kill switch in topic control, and shows them', async () => {
    assert.equal((await post('/api/control/mode', { mode: 'enforce', reason: 'ready' })).status, 200);
    assert.equal((await post('/api/control/kill-switch', { on: true, reason: 'drill' })).status, 200);
    const codec = await TopicCodec.open<Control>(topics.control, harness.context.registry);
    const records = harness.kafka.messages
      .filter(({ topic }) => topic === topics.control.name)
      .map(({ value }) => codec.decode(value!));
    assert.deepEqual(
      records.map(({ key, value, reason }) => [key, value, reason]),
      [
        ['mode', '"enforce"', 'ready'],
        ['killSwitch', 'true', 'drill'],
      ],
    );
    const state = (await (await fetch(`${address()}/api/state`, { headers: { cookie } })).json()) as {
      control: { mode: string; killSwitch: boolean };
    };
    assert.deepEqual([state.control.mode, state.control.killSwitch], ['enforce', true]);
  });

  it('never tells the page what Vault calls a credential', async () => {
    harness.feed.credential(credentialOf('cred-9', Date.now()), Date.now());
    await new Promise((resolve) => setImmediate(resolve));
    const text = await (await fetch(`${address()}/api/state`, { headers: { cookie } })).text();
    assert.match(text, /cred-9/);
    assert.doesNotMatch(text, /accessor-of|entity-1/);
  });

  it('goes on after a record that cannot be decoded, and counts it', async () => {
    harness.kafka.publish(topics.scores.name, 'cred-9', Buffer.from([0, 0, 0, 9, 9, 1]), Date.now());
    harness.kafka.publish(topics.scores.name, 'cred-9', Buffer.from('not a frame'), Date.now());
    harness.feed.score(scoreOf('cred-9', Date.now(), 0.42), Date.now());
    await until('the good score after them', async () => {
      const state = (await (await fetch(`${address()}/api/state`, { headers: { cookie } })).json()) as {
        lanes: { id: string; lastScore: { score: number } | null }[];
      };
      return state.lanes.find(({ id }) => id === 'cred-9')?.lastScore?.score === 0.42;
    });
    assert.match(await (await fetch(`${address()}/metrics`)).text(), /ebbtide_console_malformed_records_total 2/);
  });

  it('tells the truth at /health/ready, and names the part that is not', async () => {
    assert.equal((await fetch(`${address()}/health/live`)).status, 200);
    assert.equal((await fetch(`${address()}/health/ready`)).status, 200);
    harness.parts.push(part('vault', false, 'Sealed'));
    const answer = await fetch(`${address()}/health/ready`);
    harness.parts.pop();
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /"vault","ready":false,"detail":"Sealed"/);
  });

  it('asks the demonstration, and says so where there is none', async () => {
    harness.feed.issue(1, Date.now());
    const { credentialId } = harness.feed.functions.at(-1)!.credential;
    assert.equal((await post('/api/demo/misbehave', { credentialId })).status, 200);
    assert.equal(harness.feed.functions.at(-1)!.misbehaving, true);
    const without = await startHarness({}, {}, false);
    try {
      const answer = await fetch(`${without.console.address}/api/demo/misbehave`, {
        method: 'POST',
        headers: { cookie: await without.enter(), 'content-type': 'application/json', 'x-ebbtide-console': '1' },
        body: JSON.stringify({ credentialId }),
      });
      assert.equal(answer.status, 404);
    } finally {
      await without.close();
    }
  });

  it('trusts a proxy’s user only when it is configured to', async () => {
    const headers = { 'x-forwarded-user': 'ann' };
    assert.equal((await fetch(`${address()}/api/state`, { headers })).status, 401);
    const proxied = await startHarness({ access: 'proxy' });
    try {
      assert.equal((await fetch(`${proxied.console.address}/api/state`)).status, 401);
      assert.equal((await fetch(`${proxied.console.address}/api/state`, { headers })).status, 200);
    } finally {
      await proxied.close();
    }
  });

  it('takes the next port when its own is taken, and says which were when none is free', async () => {
    const port = Number(new URL(address()).port);
    const next = await startHarness({ port });
    assert.ok(Number(new URL(next.console.address).port) > port);
    await next.close();
    await assert.rejects(
      startHarness({ port, portTries: 1 }),
      (error) => isEbbtideError(error, 'CONFIG_INVALID') && error.message.includes(String(port)),
    );
  });
});
