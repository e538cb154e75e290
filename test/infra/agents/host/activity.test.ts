import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isCredentialId, isCustomName } from '../../../../infra/agents/client/lines.ts';
import { Activity, parseActivity } from '../../../../infra/agents/host/activity.ts';

test('parseActivity must refuse every malformed line in words', () => {
  const refused: [string, RegExp][] = [
    ['', /not JSON/],
    ['{', /not JSON/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['7', /not a JSON object/],
    ['{}', /credentialId/],
    ['{"credentialId":""}', /credentialId/],
    ['{"credentialId":"with space"}', /credentialId/],
    ['{"credentialId":"hvs.CAESIJ0123456789abcdefghij"}', /never the credential itself/],
    ['{"credentialId":"c","apicalls":1}', /Key "apicalls" is unknown/],
    ['{"credentialId":"c","apiCalls":-1}', /apiCalls/],
    ['{"credentialId":"c","apiCalls":1e300}', /apiCalls/],
    ['{"credentialId":"c","apiCalls":"1"}', /apiCalls/],
    ['{"credentialId":"c","dataReads":null}', /dataReads/],
    ['{"credentialId":"c","custom":[]}', /custom must be an object/],
    ['{"credentialId":"c","custom":{"a b":1}}', /"a b"/],
    ['{"credentialId":"c","custom":{"__proto__":1}}', /__proto__/],
    ['{"credentialId":"c","custom":{"a":"1"}}', /Custom metric a/],
    ['{"credentialId":"c","custom":{"a":[1,0]}}', /Custom metric a/],
    ['{"credentialId":"c","custom":{"a":[1,2,3]}}', /Custom metric a/],
    [
      JSON.stringify({
        credentialId: 'c',
        custom: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`m${i}`, 1])),
      }),
      /at most 32/,
    ],
  ];
  for (const [line, reason] of refused) assert.match(String(parseActivity(line)), reason, line);
});

test('parseActivity must never throw, and take nothing that is no finite amount', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{"credentialId":"c","custom":${json}}`),
      ),
      (text) => {
        const parsed = parseActivity(text);
        if (typeof parsed === 'string') return;
        const rates = new Activity();
        rates.add(parsed);
        const { custom, ...counts } = rates.take(1);
        for (const value of [...Object.values(counts), ...Object.values(custom)]) assert.ok(Number.isFinite(value));
        assert.ok(Object.keys(custom).every(isCustomName));
      },
    ),
  );
});

test('Activity must turn counts into rates and custom values into means, and begin anew', () => {
  const activity = new Activity();
  activity.add({ credentialId: 'c', apiCalls: 3, apiErrors: 1, custom: { depth: 4 } });
  activity.add({ credentialId: 'c', apiCalls: 5, dataReads: 20, custom: { depth: [14, 2] } });
  assert.deepEqual(activity.take(2), {
    apiCalls: 4,
    apiErrors: 0.5,
    dataReads: 10,
    dataWrites: 0,
    custom: { depth: 6 },
  });
  assert.deepEqual(activity.take(2), { apiCalls: 0, apiErrors: 0, dataReads: 0, dataWrites: 0, custom: {} });
});

test('Activity must keep 32 custom metrics and count those refused', () => {
  const activity = new Activity();
  const some = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${from + i}`, 1]));
  assert.equal(activity.add({ credentialId: 'c', custom: some(0, 30) }), 0);
  assert.equal(activity.add({ credentialId: 'c', custom: some(25, 10) }), 3);
  assert.equal(Object.keys(activity.take(1).custom).length, 32);
});

test('isCredentialId must refuse what looks like a Vault token', () => {
  for (const id of [
    'hvs.CAESIJ0123456789abcdef',
    's.0123456789abcdefABCDEFgh',
    'b.AAAAAQJ0123456789abcdefghijk',
    '',
    'a b',
    'x'.repeat(257),
  ])
    assert.equal(isCredentialId(id), false, id);
  for (const id of ['c-1', 'token:orders:7', '0198f0d2-1111-7abc-8def-0123456789ab'])
    assert.equal(isCredentialId(id), true, id);
});
