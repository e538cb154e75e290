import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedConfig, threatConfig } from '../../../infra/threat/config.ts';
import { readFeed } from '../../../infra/threat/readFeed.ts';
import type { EbbtideError } from '../../../schemas/errors.ts';

const now = Date.UTC(2026, 0, 1);
const limits = threatConfig.parse({});

const read = (text: string | Buffer, feed: object = {}, more: object = {}, pieceSize = 7) => {
  const bytes = Buffer.from(text as string);
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
  };
  return readFeed(pieces(), feedConfig.parse({ name: 'test', file: '-', ...feed }), { ...limits, ...more }, now);
};
const values = async (...args: Parameters<typeof read>) =>
  [...(await read(...args)).table.indicators()].map(({ value, confidence }) => `${value} ${confidence}`);
const refused = (words: RegExp, ...args: Parameters<typeof read>) =>
  assert.rejects(read(...args), (error: EbbtideError) => error.code === 'FEED_INVALID' && words.test(error.message));

test('readFeed must read plain addresses, networks, ranges and comments', async () => {
  const text =
    '# Drop list\n; more\n\n198.51.100.0/24 ; SBL1\r\n203.0.113.9\n2001:db8::/32\n192.0.2.4-192.0.2.5 # two\n';
  assert.deepEqual(await values(text), [
    '192.0.2.4/31 75',
    '198.51.100.0/24 75',
    '203.0.113.9/32 75',
    '2001:db8::/32 75',
  ]);
});

test('readFeed must read CSV by the names of its columns, quoted cells too', async () => {
  const text = 'first_seen,ip,score,until\n"2026-01-01","198.51.100.1",90,2027-01-01\n2026,198.51.100.2,,2020-01-01\n';
  const columns = { value: 'ip', confidence: 'score', validUntil: 'until' };
  const { table, leftOut } = await read(text, { columns });
  assert.deepEqual(
    [...table.indicators()],
    [{ kind: 'address', value: '198.51.100.1/32', confidence: 90, validUntil: Date.UTC(2027, 0, 1) }],
  );
  assert.equal(leftOut.ended, 1);
});

test('readFeed must find the address in a CSV whose columns nobody named', async () => {
  assert.deepEqual(await values('date,dst_ip,port\n2026-01-01,198.51.100.1,443\n'), ['198.51.100.1/32 75']);
});

test("readFeed must give an end to what has none: the feed's age", async () => {
  const { table } = await read('198.51.100.1\n', { maxAgeMs: 60_000 });
  assert.deepEqual(table.matches({ address: '198.51.100.1' }, now + 59_999).length, 1);
  assert.deepEqual(table.matches({ address: '198.51.100.1' }, now + 60_000), []);
});

test('readFeed must leave out private and too wide networks, and count them', async () => {
  const text = '10.0.0.0/8\n192.168.1.1\n::1\n0.0.0.0/1\n198.51.100.1\n';
  const { table, leftOut } = await read(text);
  assert.equal(table.size, 1);
  assert.deepEqual(leftOut, { malformed: 0, notUnderstood: 0, tooWide: 1, notPublic: 3, ended: 0, later: 0 });
  assert.equal((await read(text, { allowPrivate: true })).table.size, 4);
});

test('readFeed must read lists of domains and of user agents', async () => {
  const { table } = await read('Evil.example\n', { kind: 'domain' });
  assert.deepEqual(table.matches({ domain: 'a.evil.example' }, now), [
    { feed: 'test', indicator: 'evil.example', confidence: 75 },
  ]);
  assert.deepEqual(table.matches({ domain: 'notevil.example' }, now), []);
  const agents = await read('sqlmap/1.0 (x; y)\n', { kind: 'userAgent' });
  assert.equal(agents.table.matches({ userAgent: 'sqlmap/1.0 (x; y)' }, now).length, 1);
});

const indicator = (pattern: string, rest: object = {}) => ({
  type: 'indicator',
  spec_version: '2.1',
  id: 'indicator--1',
  pattern,
  pattern_type: 'stix',
  valid_from: '2025-01-01T00:00:00Z',
  ...rest,
});
const bundle = (...objects: object[]) => JSON.stringify({ type: 'bundle', id: 'bundle--1', objects });

test('readFeed must read a STIX 2.1 bundle, with confidence, end, revocation, and patterns it does not understand', async () => {
  const { table, leftOut } = await read(
    bundle(
      { type: 'identity', name: 'x' },
      indicator("[ipv4-addr:value = '198.51.100.1']", { confidence: 40, valid_until: '2026-02-01T00:00:00Z' }),
      indicator("[ipv4-addr:value = '198.51.100.2']", { revoked: true }),
      indicator("[ipv4-addr:value = '198.51.100.3']", { valid_until: '2025-06-01T00:00:00Z' }),
      indicator("[ipv4-addr:value = '198.51.100.4']", { valid_from: '2026-06-01T00:00:00Z' }),
      indicator("[file:hashes.MD5 = 'x']"),
      indicator('rule x {}', { pattern_type: 'yara' }),
    ),
  );
  assert.deepEqual(
    [...table.indicators()],
    [{ kind: 'address', value: '198.51.100.1/32', confidence: 40, validUntil: Date.UTC(2026, 1, 1) }],
  );
  assert.deepEqual(leftOut, { malformed: 0, notUnderstood: 2, tooWide: 0, notPublic: 0, ended: 2, later: 1 });
});

test('readFeed must refuse what is no feed, and say why', async () => {
  await refused(/is not text: byte 3 is zero/, Buffer.from([65, 66, 67, 0, 1, 2]));
  await refused(/is not text in UTF-8/, Buffer.from([0x80, 0xff, 0xfe, 0x81]));
  await refused(/is a web page/, '<!DOCTYPE html><html><body>Log in</body></html>');
  await refused(/unreadable rows/, 'this\nis\nno\nlist\n');
  await refused(/holds no indicator/, '# nothing\n');
  await refused(/is not JSON/, '{"type":"bundle","objects":[{]}');
  await refused(/not JSON|no array/, '{"type":"bundle"');
  await refused(/no array "objects"/, '{"type":"bundle"}');
  await refused(/line of more than/, 'x'.repeat(20_000), {}, {}, 4096);
});

test('readFeed must refuse more bytes or indicators than are allowed', async () => {
  await refused(/larger than 10 bytes/, '198.51.100.1\n198.51.100.2\n', {}, { maxBytes: 10 });
  await refused(/more than 1 indicators/, '198.51.100.1\n198.51.100.2\n', {}, { maxIndicators: 1 });
});

test('readFeed must take a million rows, within the limits that there are by default', async () => {
  const rows = 1_000_000;
  // Every second address, so that none are joined into networks
  const first = 11 * 2 ** 24;
  const lines = Array.from({ length: rows }, (_, i) => {
    const address = first + 2 * i;
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}\n`;
  });
  const before = process.memoryUsage().arrayBuffers;
  const { table, leftOut } = await read(lines.join(''), {}, {}, 65_536);
  const bytes = process.memoryUsage().arrayBuffers - before;
  assert.deepEqual([leftOut.malformed, leftOut.notPublic, leftOut.tooWide], [0, 0, 0]);
  let count = 0;
  for (const { kind } of table.indicators()) count += kind === 'address' ? 1 : 0;
  assert.equal(count, rows);
  assert.ok(bytes < 100 * rows, `${Math.round(bytes / rows)} bytes a row`);
});
