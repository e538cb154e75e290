import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listOf, listText } from '../../../../infra/console/page/pages/policy/textList.ts';

test('listOf() reads what somebody types, and all that listText() writes', () => {
  assert.equal(listText(['GET', '', 'a, b', 'say "x"', ' end']), 'GET, "", "a, b", "say \\"x\\"", " end"');
  assert.deepEqual(listOf(' reports,orders , ,GET /orders/{id},'), ['reports', 'orders', 'GET /orders/{id}']);
  assert.deepEqual([listOf(''), listOf(' , ')], [[], []]);
  // Half of a quoted text, as it stands while it is typed
  assert.deepEqual(listOf('"a'), ['"a']);
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (list) => {
      assert.deepEqual(listOf(listText(list)), list);
    }),
  );
});
