import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, defer, of, throwError } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { retryWithBackoff } from '../../operators/retryWithBackoff.ts';

const scheduler = () => new TestScheduler((actual, expected) => assert.deepEqual(actual, expected));

test('retryWithBackoff must wait twice as long after each failure, up to the longest wait', () => {
  scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold(' #');
    const subs = ['       (^!)', '--(^!)', '------(^!)', '-----------(^!)', '----------------(^!)'];
    const retried = source.pipe(retryWithBackoff({ firstMs: 2, maxMs: 5, random: () => 1 }));
    expectObservable(retried, '-----------------!').toBe('');
    expectSubscriptions(source.subscriptions).toBe(subs.map((one) => one.trimStart()));
  });
});

test('retryWithBackoff must start anew after a value', () => {
  scheduler().run(({ expectObservable }) => {
    const waits: number[] = [];
    let tries = 0;
    const source = defer(() =>
      ++tries === 3
        ? concat(
            of('a'),
            throwError(() => new Error('again')),
          )
        : throwError(() => new Error('no')),
    );
    const backoff = {
      firstMs: 1,
      maxMs: 100,
      random: () => 1,
      onRetry: (_: unknown, __: number, waitMs: number) => waits.push(waitMs),
    };
    expectObservable(source.pipe(retryWithBackoff(backoff)), '------!').toBe('---a');
    expectObservable(of(waits)).toBe('(a|)', { a: [1, 2, 1, 2] });
  });
});

test('retryWithBackoff must pass on a failure that is not worth another try', () => {
  scheduler().run(({ cold, expectObservable }) => {
    const source = cold('          --#', {}, new TypeError('broken'));
    const expected = '             --#';
    const backoff = { firstMs: 1, maxMs: 1, retryable: (error: unknown) => !(error instanceof TypeError) };
    expectObservable(source.pipe(retryWithBackoff(backoff))).toBe(expected, {}, new TypeError('broken'));
  });
});

test('retryWithBackoff must spread waits over their upper half', () => {
  const waits: number[] = [];
  const subscription = throwError(() => new Error('no'))
    .pipe(
      retryWithBackoff({ firstMs: 1000, maxMs: 1000, random: () => 0, onRetry: (_, __, waitMs) => waits.push(waitMs) }),
    )
    .subscribe();
  subscription.unsubscribe();
  assert.deepEqual(waits, [500]);
});
