import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodedPath, fitOf, matcherOf } from '../../schemas/scopePattern.ts';
import { parseScopePolicy, rulesFor } from '../../schemas/scopePolicy.ts';
import { Scopes } from '../../schemas/scopes.ts';

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

test('A path is judged in one form, whichever way it and the pattern are encoded', () => {
  const scopes = new Scopes({
    s: { allow: [{}], deny: [{ resources: ['/gr%C3%BC%C3%9Fe/**', '/secret/*', '/a%2fb'] }] },
  });
  const allows = (resource: string) =>
    scopes.named('s').allows({ service: '', method: '', operation: '', resource: decodedPath(resource)! });
  for (const path of ['/s%65cret/1', '/secret/%31', '/grüße/1', '/gr%c3%bc%c3%9fe/1'])
    assert.equal(allows(path), false, path);
  assert.equal(allows('/a/b'), true, 'an encoded separator in a pattern is none');
  for (const path of ['/a%2fb', '/a%2Ab', '/a%25', '/a%', '/%ff']) assert.equal(decodedPath(path), undefined, path);
});
