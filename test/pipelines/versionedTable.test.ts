import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VersionedTable } from '../../pipelines/versionedTable.ts';

test('a table tells of each value that nobody can ask for any more, once', () => {
  const forgotten: string[] = [];
  const table = new VersionedTable<string>((value) => void forgotten.push(value));
  table.set('a', 1, 'first');
  table.set('a', 3, 'second');
  table.set('b', 4, 'only');
  table.set('a', 5, undefined);
  table.set('a', 8, 'third');
  table.prune(3);
  assert.deepEqual(forgotten, []);
  assert.equal(table.at('a', 3), 'first');
  table.prune(4);
  assert.deepEqual(forgotten, ['first']);
  table.prune(9);
  assert.deepEqual(forgotten, ['first', 'second']);
  assert.deepEqual([table.at('a', 9), table.at('b', 9), table.size], ['third', 'only', 2]);
  table.set('b', 10, undefined);
  table.prune(11);
  assert.deepEqual(forgotten, ['first', 'second', 'only']);
  assert.equal(table.size, 1);
});
