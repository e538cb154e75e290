import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTyping } from '../../../models/biometric/typing.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

const header = 'subject,sessionIndex,rep,H.a,DD.a.b,UD.a.b,H.b';

test('readTyping() gathers repetitions by person, in order', () => {
  const typing = readTyping(`${header}\np,1,1,0.1,0.2,0.1,0.3\nq,1,1,1,2,3,4\np,1,2,0.2,0.2,0,0.3\n`);
  assert.equal(typing.timings, 4);
  assert.deepEqual(
    typing.typists.map(({ name, repetitions, seconds }) => [name, repetitions, [...seconds]]),
    [
      ['p', 2, [0.1, 0.2, 0.1, 0.3, 0.2, 0.2, 0, 0.3]],
      ['q', 1, [1, 2, 3, 4]],
    ],
  );
});

test('readTyping() says which line is wrong', () => {
  for (const [text, message] of [
    ['a,b', /Line 1/],
    ['subject,sessionIndex,rep,H.a,UD.a.b,DD.a.b,H.b', /column UD\.a\.b where DD\./],
    [`${header}\np,1,1,0.1,0.2,0.1,much`, /Line 2/],
    [`${header}\np,1,1,0.1,0.2,0.1,1\np,1,2,1`, /Line 3/],
  ] as const)
    assert.throws(
      () => readTyping(text),
      (error) => isEbbtideError(error, 'RECORD_MALFORMED') && message.test(error.message),
    );
});
