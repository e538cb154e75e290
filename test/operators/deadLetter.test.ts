import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadLetterOf } from '../../operators/deadLetter.ts';
import { EbbtideError } from '../../schemas/errors.ts';

const message = {
  topic: 'scores',
  partition: 3,
  offset: 17,
  timestamp: 5,
  key: Buffer.from('k'),
  value: Buffer.from([1, 2]),
};

test('deadLetterOf must keep the bytes, the place and the error', () => {
  assert.deepEqual(deadLetterOf(message, new EbbtideError('SCHEMA_UNKNOWN', 'Schema id 9 is not known'), 'archive'), {
    ...message,
    errorCode: 'SCHEMA_UNKNOWN',
    message: 'Schema id 9 is not known',
    pipeline: 'archive',
  });
  assert.equal(deadLetterOf({ ...message, key: null, value: null }, new Error('x'), 'p').key, null);
});

test('deadLetterOf must cut a value that would not fit into a message, and say so', () => {
  const letter = deadLetterOf({ ...message, value: Buffer.alloc(1_000_000) }, new Error('Too odd'), 'archive');
  assert.equal(letter.value?.length, 900_000);
  assert.equal(letter.message, 'Too odd (value cut from 1000000 bytes)');
});
