import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBatch } from '../../../../infra/agents/browser/batch.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';

const sentAt = 1_790_000_000_000;
const burst = { modality: 'keystroke', specification: 'phrase', time: sentAt - 500, features: { 'hold.0': 0.1 } };
const batch = {
  version: 1,
  session: 'a-session-of-a-page',
  sequence: 0,
  sentAt,
  consent: { level: 'session', at: sentAt - 9000, text: '1' },
  dropped: 0,
  cost: { events: 10, ms: 0.2 },
  bursts: [burst],
};
const read = (changes: object, receivedAt = sentAt) => readBatch(JSON.stringify({ ...batch, ...changes }), receivedAt);

test('readBatch() moves times onto its own clock, whatever the browser’s says', () => {
  assert.equal(read({}).bursts[0]!.time, sentAt - 500);
  assert.equal(read({}, sentAt - 86_400_000).bursts[0]!.time, sentAt - 86_400_500);
});

test('readBatch() refuses what has no consent, or goes beyond it', () => {
  const refused = (changes: object, message: RegExp) =>
    assert.throws(
      () => read(changes),
      (error) => isEbbtideError(error, 'REQUEST_INVALID') && message.test(error.message),
    );
  refused({ consent: undefined }, /consent/);
  refused({ consent: { ...batch.consent, level: 'none' } }, /level/);
  const movement = { ...burst, modality: 'mouse', specification: 'movement' };
  refused(
    { consent: { ...batch.consent, level: 'authentication' }, bursts: [burst, movement] },
    /signing in alone, and the batch holds movement/,
  );
  assert.ok(read({ consent: { ...batch.consent, level: 'authentication' } }));
});

test('readBatch() refuses what is too large, of another form, or of another time', () => {
  const invalid = (text: string) =>
    assert.throws(
      () => readBatch(text, sentAt),
      (error) => isEbbtideError(error, 'REQUEST_INVALID'),
    );
  invalid('{');
  invalid('null');
  invalid(JSON.stringify({ ...batch, text: 'hunter2' }));
  invalid(JSON.stringify({ ...batch, bursts: [{ ...burst, features: { 'hold.0': null } }] }));
  invalid(JSON.stringify({ ...batch, bursts: [{ ...burst, features: { '<script>': 1 } }] }));
  invalid(JSON.stringify({ ...batch, bursts: [{ ...burst, specification: 'toString' }] }));
  invalid(JSON.stringify({ ...batch, bursts: new Array(41).fill(burst) }));
  invalid(JSON.stringify(batch).padEnd(300_000));
  for (const time of [sentAt + 60_000, sentAt - 86_400_000])
    assert.throws(
      () => read({ bursts: [{ ...burst, time }] }),
      (error) => isEbbtideError(error, 'RECORD_TIME_IMPLAUSIBLE'),
    );
});
