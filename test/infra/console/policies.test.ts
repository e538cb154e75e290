import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstValueFrom, map, race, timer } from 'rxjs';
import { PolicyBook } from '../../../infra/console/policies/book.ts';
import { policyFields } from '../../../infra/console/policies/fields.ts';
import type { EditablePolicy, PreviewView } from '../../../infra/console/view/policy.ts';
import type { Trial } from '../../../infra/replay/trial.ts';
import { controlRecord } from '../../../schemas/control.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { parseLifecyclePolicy } from '../../../schemas/policy.ts';
import { until } from '../../services/context.ts';
import { type Harness, startHarness } from './harness.ts';
import { trial } from './trial.ts';

const set = (value: unknown, by: string, at: number, pipeline = 'lifecycle') =>
  controlRecord({ kind: 'policy', pipeline, value, by, reason: `set by ${by}` }, at);

describe('PolicyBook', () => {
  it('must show what is in force and what an undo goes back to, from the default on', () => {
    const book = new PolicyBook();
    assert.deepEqual(book.view('lifecycle', 0).current.source, 'default');
    assert.equal(book.view('lifecycle', 0).previous, null);
    book.apply({ ...set({ high: 0.95 }, 'config', 1), key: 'policy/lifecycle/configured' });
    assert.equal(book.view('lifecycle', 5).current.source, 'configuration');
    book.apply(set({ high: 0.8 }, 'ann', 2));
    assert.equal(book.view('lifecycle', 5).previous?.by, 'config');
    book.apply(set({ high: 0.85 }, 'bob', 3));
    const { current, previous, history } = book.view('lifecycle', 5);
    assert.deepEqual([current.by, previous?.by, history.map(({ by }) => by)], ['bob', 'ann', ['ann']]);
    assert.equal(book.policy('lifecycle', 5).high, 0.85);
    // An undo is set anew, and is undone by what it undid
    book.apply(set({ high: 0.8 }, 'ann', 4));
    assert.equal(book.view('lifecycle', 5).previous?.by, 'bob');
  });

  it('must know of the archive what the compacted topic has lost, without changing what is in force', () => {
    const book = new PolicyBook();
    const past = [set({ high: 0.8 }, 'ann', 1), set({ high: 0.85 }, 'bob', 2), set({ high: 0.88 }, 'cid', 3)];
    book.apply(past[2]!);
    assert.equal(book.view('lifecycle', 5).previous?.source, 'default');
    book.remember([...past.slice(0, 2), { ...set({}, 'eve', 2), value: '{"low":3}' }, past[2]!]);
    assert.ok(book.isComplete);
    const { current, previous, history } = book.view('lifecycle', 5);
    assert.deepEqual([current.by, previous?.by, history.map(({ by }) => by)], ['cid', 'bob', ['bob', 'ann']]);
    book.apply(set({ high: 0.8 }, 'dan', 4));
    assert.deepEqual(
      book.view('lifecycle', 5).history.map(({ by }) => by),
      ['cid', 'bob'],
    );
  });

  it('must leave refused policies and those of subjects out, and know the mode that goes before', () => {
    const book = new PolicyBook();
    book.apply({ ...set({}, 'ann', 1), value: '{"low":3}' });
    book.apply({ ...set({ high: 0.8 }, 'ann', 1), subject: 'cred-1' });
    assert.equal(book.view('lifecycle', 5).current.source, 'default');
    assert.equal(book.mode('lifecycle', 5), 'shadow');
    book.apply(controlRecord({ kind: 'mode', value: 'enforce', by: 'ann', reason: '' }, 2));
    assert.equal(book.mode('lifecycle', 5), 'enforce');
    assert.equal(book.view('lifecycle', 5).modeSet, 'enforce');
  });
});

describe('policyFields', () => {
  it('must have limits and words of the schema, nested ones by their path', () => {
    const find = (path: string) => policyFields.lifecycle.find((field) => field.path === path)!;
    assert.deepEqual([find('high').least, find('high').most, find('high').kind], [0, 1, 'number']);
    assert.deepEqual(find('onSilence').options, ['alert', 'shorten', 'revoke']);
    assert.deepEqual([find('strikes').whole, find('strikes').least, find('strikes').most], [true, 1, null]);
    assert.equal(find('falseAlarmsPerSubjectDay').nullable, true);
    assert.equal(find('budgetForAll.actions').kind, 'number');
    const groups = policyFields.scope.find((field) => field.path === 'groups')!;
    assert.equal(groups.kind, 'entries');
    assert.deepEqual(
      groups.columns.filter(({ optional, kind }) => optional && kind === 'number').map(({ path }) => path),
      ['narrowAfter', 'widenAfter', 'riskHalfLifeMs', 'overrideMs'].map((name) => `groups.*.${name}`),
    );
    // Nothing is left that JSON alone could change
    assert.deepEqual(
      Object.values(policyFields).flatMap((fields) => fields.filter(({ kind }) => kind === 'json')),
      [],
    );
    for (const [pipeline, fields] of Object.entries(policyFields))
      for (const { path, about } of fields) assert.notEqual(about, '', `${pipeline} ${path}`);
  });
});

const caller = (harness: Harness, cookie: string) => ({
  get: async <T>(path: string): Promise<T> =>
    (await (await fetch(new URL(path, harness.console.address), { headers: { cookie } })).json()) as T,
  post: (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(new URL(path, harness.console.address), {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', 'x-ebbtide-console': '1' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    }),
});
const lifecycleOf = ({ pipelines }: { pipelines: EditablePolicy[] }): EditablePolicy =>
  pipelines.find(({ pipeline }) => pipeline === 'lifecycle')!;

describe('policies by the console', { timeout: 120_000 }, () => {
  it('must be put in force and shown with what was before', async (t) => {
    const harness = await startHarness({}, { trials: trial().trials });
    t.after(() => harness.close());
    const { get, post } = caller(harness, await harness.enter());
    const before = lifecycleOf(await get('/api/policies'));
    assert.equal(before.canPreview, true);
    const put = { pipeline: 'lifecycle', policy: { ...before.current.policy, strikes: 2 } };
    assert.equal((await post('/api/control/policy', put)).status, 400);
    assert.equal((await post('/api/control/policy', { ...put, reason: 'faster' })).status, 200);
    const after = await until('the policy', async () => {
      const now = lifecycleOf(await get('/api/policies'));
      return now.current.version === before.current.version ? undefined : now;
    });
    assert.equal(after.current.reason, 'faster');
    assert.equal(after.previous?.version, before.current.version);
  });

  it('must be tried with progress, refused where they do not hold, and called off', async (t) => {
    const { trials, seen } = trial(300);
    const harness = await startHarness({}, { trials });
    t.after(() => harness.close());
    const { post } = caller(harness, await harness.enter());
    const policy = { ...parseLifecyclePolicy({}), strikes: 2 };
    const crossed = await post('/api/policies/preview', { policy: { ...policy, low: 0.7 }, days: 1 });
    assert.equal(crossed.status >= 400, true);
    assert.match(((await crossed.json()) as { detail: string }).detail, /Thresholds cross/);
    const abort = new AbortController();
    const first = await post('/api/policies/preview', { policy, days: 7 }, abort.signal);
    await first.body!.getReader().read();
    abort.abort();
    await until('the end of the first', async () => seen.cancelled === 1 || undefined);
    const text = await (await post('/api/policies/preview', { policy, days: 7 })).text();
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { progress?: number; preview?: PreviewView });
    assert.ok(lines.filter(({ progress }) => progress !== undefined).length > 2);
    const outcome = lines.at(-1)!.preview!;
    assert.deepEqual([outcome.figures.revocations, outcome.figures.againstRevocations], [3, 2]);
    assert.deepEqual(
      [outcome.differences[0]!.draft?.action, outcome.differences[0]!.inForce?.action],
      ['revoke', 'shorten'],
    );
  });

  it('must be tried one by one by one person, each begun when the one before has ended', async (t) => {
    const seen = { begun: 0, cancelled: 0, now: 0, most: 0 };
    const slow: Trial<object> = async ({ stopping }) => {
      seen.begun += 1;
      seen.most = Math.max(seen.most, ++seen.now);
      // Listens late, and ends some time after it was told to
      await sleep(20);
      const stopped = await firstValueFrom(race(stopping.pipe(map(() => true)), timer(1_000).pipe(map(() => false))));
      if (stopped) seen.cancelled += 1;
      await sleep(20);
      seen.now -= 1;
      throw new EbbtideError(stopped ? 'CANCELLED' : 'DATA_MISSING', 'Ended');
    };
    const harness = await startHarness({}, { trials: { lifecycle: slow } });
    t.after(() => harness.close());
    const { post } = caller(harness, await harness.enter());
    const asked = Array.from({ length: 6 }, async () =>
      (await post('/api/policies/preview', { policy: { strikes: 2 }, days: 1 })).text(),
    );
    await Promise.all(asked);
    assert.deepEqual(seen, { begun: 6, cancelled: 5, now: 0, most: 1 });
  });

  it('must be refused where there is no archive that they could be tried on', async (t) => {
    const harness = await startHarness({}, { trials: trial().trials });
    t.after(() => harness.close());
    const { get, post } = caller(harness, await harness.enter());
    const { pipelines } = await get<{ pipelines: EditablePolicy[] }>('/api/policies');
    assert.equal(pipelines.find(({ pipeline }) => pipeline === 'preprovision')!.canPreview, false);
    const wish = { pipeline: 'preprovision', policy: {}, days: 1 };
    const refused = await post('/api/policies/preview', wish);
    assert.equal(refused.status, 501);
    assert.match(((await refused.json()) as { detail: string }).detail, /no archive to try a policy on/);
  });
});
