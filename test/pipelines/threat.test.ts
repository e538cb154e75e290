import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { threatConfig } from '../../infra/threat/config.ts';
import { followThreats } from '../../infra/threat/followThreats.ts';
import { startThreat } from '../../infra/threat/start.ts';
import type { Alert } from '../../schemas/generated/index.ts';
import { threatFields } from '../../schemas/threat.ts';
import { topics } from '../../schemas/topics.ts';
import { type TestKafka, testContext, until } from '../services/context.ts';
import { temporaryFolder } from '../services/folder.ts';

const serve = async (t: TestContext, listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed`;
};

const rig = async (t: TestContext, context: TestKafka, feed: object, more: object = {}) => {
  const config = threatConfig.parse({
    feeds: [{ name: 'drop', pollMs: 1000, allowHttp: true, allowPrivateAddress: true, ...feed }],
    folder: temporaryFolder(t),
    tries: 1,
    jitter: 0,
    ...more,
  });
  return {
    start: async () => {
      const running = await startThreat(context.another(), config);
      context.closing(() => running.close());
      return running;
    },
  };
};
const following = async (context: TestKafka) => {
  const threats = await followThreats(context.another());
  context.closing(() => threats.close());
  await threats.caughtUp;
  return threats;
};
const list = (count: number) => Array.from({ length: count }, (_, at) => `198.51.${at >> 8}.${at & 255}\n`).join('');

test('a feed at a URL must come in force at every reader, and be asked for again only as to whether it has changed', async (t) => {
  const context = await testContext(t);
  const asked: (string | undefined)[] = [];
  const url = await serve(t, (request, answer) => {
    asked.push(request.headers['if-none-match']);
    if (request.headers['if-none-match'] === '"1"') return answer.writeHead(304).end();
    return answer.writeHead(200, { etag: '"1"' }).end(list(5000));
  });
  const { start } = await rig(t, context, { url });
  const running = await start();
  const threats = await following(context);
  await until('all indicators in force', () => threats.size === 5000);
  const now = Date.now();
  assert.deepEqual(threatFields(threats.matches({ address: '::ffff:198.51.3.7' }, now)), {
    threatFeed: 'drop',
    threatIndicator: '198.51.3.7/32',
    threatConfidence: 0.75,
  });
  assert.deepEqual(threats.matches({ address: '203.0.113.1' }, now), []);
  await until('a second poll', () => asked.length > 1);
  assert.deepEqual(asked.slice(0, 2), [undefined, '"1"']);
  assert.equal((await running.health()).ready, true);
});

test('a feed that fails or shrinks must raise one alert, and the last good version must stay', async (t) => {
  const context = await testContext(t);
  const alerts = await context.records<Alert>(topics.alerts);
  let answer: () => [number, string | Buffer] = () => [200, list(100)];
  let polls = 0;
  const url = await serve(t, (_request, response) => {
    polls++;
    const [status, body] = answer();
    response.writeHead(status).end(body);
  });
  const { start } = await rig(t, context, { url });
  const first = await start();
  const threats = await following(context);
  await until('the first version', () => threats.size === 100);

  const bad: [string, () => [number, string | Buffer]][] = [
    ['FEED_SHRUNK', () => [200, list(49)]],
    ['FEED_UNAVAILABLE', () => [503, 'away']],
    ['FEED_INVALID', () => [200, Buffer.from([0, 1, 2, 3])]],
  ];
  for (const [code, next] of bad) {
    answer = next;
    await until(`an alert of ${code}`, () => alerts.some(({ alertId }) => alertId.includes(code)));
    assert.equal(threats.size, 100);
  }
  const before = polls;
  await until('two more failures', () => polls > before + 1);
  assert.deepEqual(
    alerts.map(({ kind, subject, severity }) => `${kind} ${subject} ${severity}`),
    ['feedShrunk drop warning', 'feedFailed drop warning', 'feedFailed drop warning'],
  );
  assert.match((await first.health()).detail, /1 of 1 feeds fail/);
  assert.equal(threats.size, 100);
});

test('the last good version must come in force from disk where the brokers have lost it and the feed is away', async (t) => {
  const folder = temporaryFolder(t);
  let away = false;
  const url = await serve(t, (_request, answer) =>
    away ? answer.writeHead(500).end() : answer.writeHead(200).end(list(100)),
  );
  for (const round of [0, 1]) {
    const context = await testContext(t);
    const { start } = await rig(t, context, { url }, { folder });
    const running = await start();
    const threats = await following(context);
    await until(`the version in round ${round}`, () => threats.size === 100);
    away = true;
    await running.close();
  }
});

test('a version that is lost on disk must be fetched again, though the feed has not changed', async (t) => {
  const context = await testContext(t);
  const folder = temporaryFolder(t);
  const conditional: boolean[] = [];
  const url = await serve(t, (request, answer) => {
    const same = request.headers['if-none-match'] === '"1"';
    conditional.push(same);
    return same ? answer.writeHead(304).end() : answer.writeHead(200, { etag: '"1"' }).end(list(20));
  });
  const { start } = await rig(t, context, { url }, { folder });
  const first = await start();
  const threats = await following(context);
  await until('the version', () => threats.size === 20);
  await first.close();
  rmSync(join(folder, 'drop.feed'));
  const elsewhere = await testContext(t);
  const second = await rig(t, elsewhere, { url }, { folder });
  await second.start();
  const there = await following(elsewhere);
  await until('the version, fetched again', () => there.size === 20);
  assert.equal(conditional.filter((same) => !same).length, 2);
});

test('a feed that shrank must be alerted where the disk is new, by what is in force on Kafka', async (t) => {
  const context = await testContext(t);
  const alerts = await context.records<Alert>(topics.alerts);
  let count = 100;
  const url = await serve(t, (_request, answer) => answer.writeHead(200).end(list(count)));
  const first = await (await rig(t, context, { url })).start();
  const threats = await following(context);
  await until('the first version', () => threats.size === 100);
  await first.close();
  count = 10;
  const { start } = await rig(t, context, { url });
  await start();
  const alert = await until('an alert', () => alerts[0]);
  assert.equal(alert.kind, 'feedShrunk');
  assert.match(alert.summary, /shrank from 100 to 10 indicators/);
  assert.equal(threats.size, 100);
});

test('an indicator must come in force once it is valid, though the feed has not changed', async (t) => {
  const context = await testContext(t);
  const hour = 3_600_000;
  let clock = Date.now();
  const indicator = (number: number, from: number) => ({
    ...{ type: 'indicator', pattern_type: 'stix', valid_from: new Date(from).toISOString() },
    pattern: `[ipv4-addr:value = '198.51.100.${number}']`,
  });
  const objects = [indicator(1, clock), indicator(2, clock + 2 * hour), indicator(3, clock + hour)];
  const file = join(temporaryFolder(t), 'feed.json');
  writeFileSync(file, JSON.stringify({ type: 'bundle', objects }));
  const config = threatConfig.parse({ feeds: [{ name: 'drop', pollMs: 1000, file }], folder: temporaryFolder(t) });
  const running = await startThreat(context.another(), config, () => clock);
  context.closing(() => running.close());
  const threats = await following(context);
  await until('what is valid at once', () => threats.size === 1);
  clock += hour;
  await until('the next', () => threats.size === 2);
  clock += hour;
  await until('the last', () => threats.size === 3);
});

test('a file that is no feed any longer must go out of force with its configuration', async (t) => {
  const context = await testContext(t);
  const file = join(temporaryFolder(t), 'feed.txt');
  writeFileSync(file, list(3));
  const { start } = await rig(t, context, { file });
  const running = await start();
  const threats = await following(context);
  await until('the file in force', () => threats.size === 3);
  writeFileSync(file, list(4));
  await until('the changed file in force', () => threats.size === 4);
  await running.close();
  const other = await startThreat(context.another(), threatConfig.parse({ folder: temporaryFolder(t) }));
  context.closing(() => other.close());
  await until('nothing in force', () => threats.size === 0);
});

const taxii = (objects: readonly object[], more: object = {}) => JSON.stringify({ more: false, ...more, objects });
const found = (number: number) => ({
  ...{ type: 'indicator', pattern_type: 'stix', valid_from: '2026-01-01T00:00:00Z' },
  pattern: `[ipv4-addr:value = '198.51.100.${number}']`,
});

test('a TAXII collection must be read to its last page, by next or by the time of its last object, filters and token kept', async (t) => {
  const context = await testContext(t);
  const asked: string[] = [];
  let pages: Record<string, [body: string, headers?: Record<string, string>]> = {
    '': [taxii([found(1), found(2)], { more: true, next: 'b&c' }), { etag: '"1"' }],
    'b&c': [taxii([found(3)], { more: true }), { 'x-taxii-date-added-last': '2026-01-02T00:00:00.000001Z' }],
    '2026-01-02T00:00:00.000001Z': [taxii([], { objects: undefined })],
  };
  const url = await serve(t, (request, answer) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x');
    asked.push(
      `${searchParams.get('match[type]')} ${request.headers.authorization} ${request.headers['if-none-match']}`,
    );
    const [body, headers] = pages[searchParams.get('next') ?? searchParams.get('added_after') ?? ''] ?? ['gone'];
    answer.writeHead(200, { 'content-type': 'application/taxii+json;version=2.1', ...headers }).end(body);
  });
  const tokenFile = join(temporaryFolder(t), 'token');
  writeFileSync(tokenFile, 'taxii-token\n');
  const { start } = await rig(t, context, { url: `${url}?match[type]=indicator`, tokenFile });
  await start();
  const threats = await following(context);
  await until('all pages in force', () => threats.size === 3);
  await until('a second poll', () => asked.length >= 6);
  assert.deepEqual(new Set(asked), new Set(['indicator Bearer taxii-token undefined']), 'each page is asked for anew');
  pages = { ...pages, 'b&c': [taxii([found(3), found(4)])] };
  await until('a change on a later page', () => threats.size === 4);
});

test('a TAXII collection that runs in a circle, has no end or says not where to go on must be refused', async (t) => {
  const context = await testContext(t);
  const alerts = await context.records<Alert>(topics.alerts);
  let pages = 0;
  const url = await serve(t, (request, answer) => {
    pages++;
    const kind = new URL(request.url ?? '', 'http://x').searchParams.get('kind');
    const next = { circle: { next: 'again' }, endless: { next: `p${pages}` }, unnamed: {} }[kind ?? ''];
    answer
      .writeHead(200, { 'content-type': 'application/taxii+json;version=2.1' })
      .end(taxii([found(1)], { more: true, ...next }));
  });
  for (const [kind, words] of [
    ['circle', /names a page as its next that has been read already/],
    ['endless', /has more than 5 pages; raise threat\.maxPages/],
    ['unnamed', /says that it has more pages, and not how to ask for the next/],
  ] as const) {
    const { start } = await rig(t, context, { name: kind, url: `${url}?kind=${kind}` }, { maxPages: 5 });
    const running = await start();
    const alert = await until(`an alert of ${kind}`, () => alerts.find(({ subject }) => subject === kind));
    assert.match(alert.summary, words);
    await running.close();
  }
});

test('a feed must not be fetched from an address that is not public, nor without TLS, unless that is allowed', async (t) => {
  const context = await testContext(t);
  const alerts = await context.records<Alert>(topics.alerts);
  const url = await serve(t, (_request, answer) => answer.end(list(3)));
  const { start } = await rig(t, context, { url, allowPrivateAddress: false });
  await start();
  const alert = await until('an alert', () => alerts[0]);
  assert.match(alert.summary, /127\.0\.0\.1 are not allowed: it is not a public address/);
});
