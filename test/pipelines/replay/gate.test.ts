import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nearest } from '../../../infra/config/nearest.ts';
import { parseGate } from '../../../pipelines/replay/gate.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

const names = ['falseRevocations', 'alertsPerDay', 'medianTimeToRevokeS'];
const figures = { falseRevocations: 2, alertsPerDay: 7.5 };
const holds = (text: string) => parseGate(text, names, nearest).holds(figures);

test('parseGate must compare figures and numbers, and let "and" bind closer than "or"', () => {
  assert.equal(holds('falseRevocations > 0'), true);
  assert.equal(holds('falseRevocations>=3'), false);
  assert.equal(holds('falseRevocations == 2 && alertsPerDay < 8'), true);
  assert.equal(holds('alertsPerDay > falseRevocations'), true);
  assert.equal(holds('1 > 2 and 1 > 2 or 2 > 1'), true);
  assert.equal(holds('1 > 2 and (1 > 2 or 2 > 1)'), false);
  assert.equal(holds('not falseRevocations != 2'), true);
  assert.equal(holds('!(alertsPerDay <= 7.5) OR falseRevocations = -1e0'), false);
});

test('parseGate must say what is wrong', () => {
  const cases: [string, RegExp][] = [
    ['', /expected a figure or a number, got its end/],
    ['falseRevocations', /expected a comparison such as ">", got its end/],
    ['falseRevocations > ', /expected a figure or a number, got its end/],
    ['falseRevocations > 0 alertsPerDay > 1', /expected "and" or "or", got "alertsPerDay" at 22/],
    ['(falseRevocations > 0', /expected "\)", got its end/],
    ['falseRevocations > 0 ; true', /";" at 21 means nothing here/],
    [
      'falseRevocation > 0',
      /names falseRevocation, which is no figure of this replay; did you mean falseRevocations\?/,
    ],
    ['zebra > 0', /names zebra, which is no figure of this replay; there are falseRevocations, alertsPerDay/],
    [`${'('.repeat(2000)}`, /2000 characters, expected 1000 at most/],
    [`${'('.repeat(400)}1 > 0`, /nested more than 50 deep/],
  ];
  for (const [text, message] of cases)
    assert.throws(() => parseGate(text, names, nearest), { code: 'REQUEST_INVALID', message }, text);
});

test('a condition on a figure without a value must fail with its name instead of passing', () => {
  assert.throws(() => holds('medianTimeToRevokeS > 60'), {
    code: 'DATA_MISSING',
    message: /needs medianTimeToRevokeS/,
  });
  assert.throws(() => parseGate('x > toString', ['x', 'toString'], nearest).holds({ x: 1 }), { code: 'DATA_MISSING' });
});

test('parseGate must never fail but with an error of ours, whatever it is given', () => {
  const piece = fc.constantFrom(
    ...names,
    'and',
    'or',
    'not',
    '(',
    ')',
    '<',
    '<=',
    '==',
    '!=',
    '&&',
    '||',
    '!',
    '0',
    '-1.5e3',
    ' ',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 30 }).map((all) => all.join(' ')),
      ),
      (text) => {
        try {
          assert.equal(typeof holds(text), 'boolean');
        } catch (error) {
          assert.ok(isEbbtideError(error), String(error));
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('parseGate must evaluate any condition as JavaScript does', () => {
  type Tree = { readonly text: string; readonly value: boolean };
  const number = fc.integer({ min: -3, max: 3 });
  const { condition } = fc.letrec<{ condition: Tree }>((tie) => ({
    condition: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(number, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), number).map(([a, op, b]): Tree => {
        const value = { '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b, '==': a === b, '!=': a !== b }[op]!;
        return { text: `${a} ${op} ${b}`, value };
      }),
      fc.tuple(tie('condition'), fc.constantFrom('and', '||'), tie('condition')).map(
        ([a, op, b]): Tree => ({
          text: `(${a.text}) ${op} (${b.text})`,
          value: op === 'and' ? a.value && b.value : a.value || b.value,
        }),
      ),
      tie('condition').map((a): Tree => ({ text: `not (${a.text})`, value: !a.value })),
    ),
  }));
  fc.assert(fc.property(condition, ({ text, value }) => text.length > 1000 || holds(text) === value));
});
