import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressWords, masked, networkOf, networkText, rangeOf } from '../../../infra/threat/address.ts';
import { NetworkColumns } from '../../../infra/threat/networkColumns.ts';
import { NetworkSet } from '../../../infra/threat/networkSet.ts';

const entry = (text: string, confidence = 50, validUntil = Number.POSITIVE_INFINITY) => ({
  ...networkOf(text)!,
  confidence,
  validUntil,
});
const setOf = async (width: 1 | 4, entries: ReturnType<typeof entry>[]): Promise<NetworkSet> => {
  const columns = new NetworkColumns(width);
  for (const one of entries) columns.push(one);
  const set = new NetworkSet(width);
  await columns.addTo(set);
  return set;
};
const found = (set: NetworkSet, address: string, atMs = 0): string[] => {
  const texts: string[] = [];
  set.find(addressWords(address)!, atMs, (one) => texts.push(networkText(one)));
  return texts;
};

test('NetworkSet.find must give every network that holds an address, the narrowest first', async () => {
  const set = await setOf(
    1,
    ['198.51.100.0/24', '198.0.0.0/8', '198.51.100.7', '198.51.100.128/25', '203.0.113.0/24'].map((text) =>
      entry(text),
    ),
  );
  assert.deepEqual(found(set, '198.51.100.7'), ['198.51.100.7/32', '198.51.100.0/24', '198.0.0.0/8']);
  assert.deepEqual(found(set, '198.51.100.200'), ['198.51.100.128/25', '198.51.100.0/24', '198.0.0.0/8']);
  assert.deepEqual(found(set, '198.52.0.1'), ['198.0.0.0/8']);
  assert.deepEqual(found(set, '9.9.9.9'), []);
  assert.deepEqual(found(set, '255.255.255.255'), []);
});

test('NetworkSet.find must pass over what has ended, and find what holds it', async () => {
  const set = await setOf(1, [entry('198.51.100.0/24', 50, 1000), entry('198.51.0.0/16', 20, 5000)]);
  assert.deepEqual(found(set, '198.51.100.7', 999), ['198.51.100.0/24', '198.51.0.0/16']);
  assert.deepEqual(found(set, '198.51.100.7', 1000), ['198.51.0.0/16']);
});

test('NetworkSet must keep the more confident of one network twice', async () => {
  const set = await setOf(1, [
    entry('198.51.100.0/24', 30),
    entry('198.51.100.0/24', 80),
    entry('198.51.100.0/24', 10),
  ]);
  assert.deepEqual(
    [...set.entries()].map(({ confidence }) => confidence),
    [80],
  );
});

test('NetworkSet.add must refuse what is out of order', () => {
  const set = new NetworkSet(1);
  set.add(entry('198.51.100.0/24'));
  assert.throws(() => set.add(entry('198.0.0.0/8')), RangeError);
});

const random = (width: 1 | 4) =>
  fc.record({
    words: fc.array(
      fc.integer({ min: 0, max: 3 }).map((word) => (word * 0x40000001) >>> 0),
      { minLength: width, maxLength: width },
    ),
    prefix: fc.integer({ min: 0, max: width * 32 }),
  });

for (const width of [1, 4] as const)
  test(`NetworkSet.find must agree with looking at every network, ${width * 32} bits`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(random(width)), random(width), async (networks, { words }) => {
        const entries = networks.map(({ words, prefix }) => ({
          words: masked(words, prefix),
          prefix,
          confidence: 50,
          validUntil: 1,
        }));
        const seen: string[] = [];
        (await setOf(width, entries)).find(words, 0, (one) => seen.push(networkText(one)));
        const wanted = entries
          .filter((one) => masked(words, one.prefix).join() === one.words.join())
          .sort((a, b) => b.prefix - a.prefix)
          .map(networkText);
        assert.deepEqual(seen, [...new Set(wanted)]);
      }),
    );
  });

test('addressWords must take IPv4-mapped IPv6 for IPv4, and refuse what is no address', () => {
  assert.deepEqual(addressWords('::ffff:198.51.100.7'), addressWords('198.51.100.7'));
  assert.deepEqual(addressWords('fe80::1%eth0'), addressWords('fe80::1'));
  for (const text of ['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4 ', 'x', ':::', '1.2.3.', '.1.2.3'])
    assert.equal(addressWords(text), undefined, text);
});

test('networkOf must read prefixes, clear what is beyond them, and refuse wrong ones', () => {
  assert.equal(networkText(networkOf('198.51.100.7/24')!), '198.51.100.0/24');
  assert.equal(networkText(networkOf('2001:db8::1/32')!), '2001:db8::/32');
  assert.equal(networkText(networkOf('::ffff:198.51.100.7/120')!), '198.51.100.0/24');
  for (const text of ['198.51.100.7/33', '198.51.100.7/', '198.51.100.7/-1', '2001:db8::/129', '/24'])
    assert.equal(networkOf(text), undefined, text);
});

test('rangeOf must cover a range exactly', () => {
  assert.deepEqual(rangeOf('192.0.2.0', '192.0.2.255')!.map(networkText), ['192.0.2.0/24']);
  assert.deepEqual(rangeOf('192.0.2.1', '192.0.2.4')!.map(networkText), [
    '192.0.2.1/32',
    '192.0.2.2/31',
    '192.0.2.4/32',
  ]);
  assert.deepEqual(rangeOf('0.0.0.0', '255.255.255.255')!.map(networkText), ['0.0.0.0/0']);
  assert.equal(rangeOf('192.0.2.4', '192.0.2.1'), undefined);
});
