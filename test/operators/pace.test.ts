import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestScheduler } from 'rxjs/testing';
import { pace } from '../../operators/pace.ts';

const scheduler = () => new TestScheduler((actual, expected) => assert.deepEqual(actual, expected));

test('pace must let the first pass at once, and the next no sooner than everyMs after', () => {
  scheduler().run(({ hot, expectObservable }) => {
    const source = hot('  -ab---------c-|');
    const expected = '    -a---b------c-|';
    expectObservable(source.pipe(pace({ everyMs: 4 }))).toBe(expected);
  });
});

test('pace must let a full one pass at once', () => {
  scheduler().run(({ hot, expectObservable }) => {
    const source = hot('  -aBc----|');
    const expected = '    -aB---c-|';
    expectObservable(source.pipe(pace({ everyMs: 4, full: (value) => value === 'B' }))).toBe(expected);
  });
});

test('pace must not wait any longer when hurried', () => {
  scheduler().run(({ hot, expectObservable }) => {
    const source = hot('  -ab-----|');
    const hurry = hot('   ---x-----');
    const expected = '    -a-b----|';
    expectObservable(source.pipe(pace({ everyMs: 6, hurry }))).toBe(expected);
  });
});
