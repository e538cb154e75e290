import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkReach, isPublicAddress, openOutbound, publicLookup, textOf } from '../../../infra/http/outbound.ts';
import type { EbbtideError } from '../../../schemas/errors.ts';
import { recorder } from '../../services/http.ts';

const strict = { allowHttp: false, allowPrivateAddress: false };
const forbidden = (words: RegExp) => (error: EbbtideError) =>
  error.code === 'ADDRESS_FORBIDDEN' && words.test(error.message);

test('isPublicAddress must know what is inside, however it is written', () => {
  const inside = ['127.0.0.1', '10.1.2.3', '192.168.0.1', '172.31.255.255', '169.254.169.254', '100.64.0.1', '0.0.0.0'];
  const inside6 = ['::1', '::', 'fe80::1', 'fd00::1', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::7f00:1'];
  for (const address of [...inside, ...inside6, '224.0.0.1', '255.255.255.255', '2002:7f00:1::', 'x'])
    assert.equal(isPublicAddress(address), false, address);
  for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111'])
    assert.equal(isPublicAddress(address), true, address);
});

test('checkReach must refuse a URL without TLS, with a password, or with an address inside', () => {
  for (const url of ['http://example.com', 'ftp://example.com', 'https://u:p@example.com', 'https://127.0.0.1/x'])
    assert.throws(() => checkReach(url, strict), forbidden(/not allowed/), url);
  // Ways to write 127.0.0.1 that a URL makes one
  for (const url of ['https://[::1]/', 'https://2130706433/', 'https://0x7f.1/', 'https://localhost', 'not a url'])
    assert.throws(() => checkReach(url, strict), forbidden(/not allowed/), url);
  assert.equal(checkReach('https://example.com/a', strict).host, 'example.com');
});

test('publicLookup must refuse a name that leads inside, so that no connection is tried', async () => {
  for (const all of [true, false])
    await assert.rejects(
      new Promise((resolve, reject) =>
        publicLookup('localhost', { all }, (error, address) => (error ? reject(error) : resolve(address))),
      ),
      forbidden(/Requests to localhost are not allowed: (127\.0\.0\.1|::1) is not public/),
    );
});

test('redirects must not be followed, and bodies be bounded', async (t) => {
  const { url, requests } = await recorder(t, ({ path }) =>
    path === '/away' ? { status: 302, headers: { location: '/inside' } } : { status: 200, body: 'x'.repeat(100) },
  );
  const outbound = openOutbound();
  t.after(() => outbound.close());
  const request = { timeoutMs: 5000, allowHttp: true, allowPrivateAddress: true };
  const away = await outbound.request({ url: `${url}/away`, ...request });
  assert.deepEqual([away.status, await textOf(away.body, 10), requests.length], [302, '', 1]);
  const large = await outbound.request({ url, ...request });
  await assert.rejects(textOf(large.body, 10), /larger than 10 bytes/);
});
