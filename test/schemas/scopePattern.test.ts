import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitOf, matcherOf } from '../../schemas/scopePattern.ts';
import { parseScopePolicy, rulesFor } from '../../schemas/scopePolicy.ts';

/** The same patterns as a regular expression says them, which backtracks. */
const expressionOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split(/(\*+)/)
      .map((part) => (part === '*' ? '[^/]*' : part.startsWith('*') ? '.*' : part.replace(/[.+]/g, '\\$&')))
      .join('')}$`,
    's',
  );

const textOf = (...letters: string[]) =>
  fc.array(fc.constantFrom(...letters), { maxLength: 12 }).map((all) => all.join(''));

test('fitOf fits what the regular expression of the pattern fits', () => {
  fc.assert(
    fc.property(textOf('a', 'b', '/', '.', '*', '**'), textOf('a', 'b', '/', '.', '\n'), (pattern, text) => {
      assert.equal(fitOf(pattern)(text), expressionOf(pattern).test(text), `${pattern} and ${text}`);
    }),
    { numRuns: 20_000 },
  );
});

test('Long texts that nearly fit a pattern of many wildcards are refused by following each position once', () => {
  const path = '/x/y'.repeat(2_000);
  // A matcher that backtracks takes minutes for these
  assert.equal(matcherOf(['**/x/**/y/**/x/**/y/**/z'])(path), false);
  assert.equal(matcherOf([`${'*a'.repeat(200)}b`])('a'.repeat(8_000)), false);
  assert.equal(matcherOf(['**/x/**/y/**/x/**/y/**/z'])(`${path}/z`), true);
  const policy = parseScopePolicy({ groups: { g: { match: [`${'*a'.repeat(20)}*b`], narrowAfter: 7 } } });
  assert.equal(rulesFor(policy, 'a'.repeat(1_000), '').narrowAfter, 2);
  assert.equal(rulesFor(policy, `${'a'.repeat(1_000)}/b`, '').narrowAfter, 7);
});
