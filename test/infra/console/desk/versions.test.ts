import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from '../../../../infra/console/desk/desk.ts';
import { type Touch, touchesOf } from '../../../../infra/console/desk/touches.ts';
import { Versions } from '../../../../infra/console/desk/versions.ts';
import type { ConsolePorts } from '../../../../infra/console/ports.ts';
import { createLogger } from '../../../../infra/log.ts';
import { topics } from '../../../../schemas/topics.ts';
import { credentialOf, decisionOf, scoreOf } from '../records.ts';

const log = createLogger('test');

/** Numbers on a clock of their own, second by second. */
const begin = (archived?: () => Promise<ReadonlyMap<string, number>>) => {
  const clock = { now: 1_000_000 };
  const versions = new Versions({ now: () => clock.now, log, archived });
  let offset = 0;
  return {
    versions,
    touch(touch: Touch): number {
      versions.touch(touch, { topic: 'decisions', partition: 0, offset });
      offset += 1;
      return offset - 1;
    },
    /** So many seconds pass. */
    async pass(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second += 1) {
        clock.now += 1_000;
        versions.tick();
        await new Promise(setImmediate);
      }
    },
  };
};

test('a thousand decisions in ten seconds must count up a sum of the archive four times at most, and the last after the last', async () => {
  const { versions, touch, pass } = begin();
  await pass(10);
  assert.equal(versions.view().scope, 0, 'nothing happened');
  for (let second = 0; second < 10; second += 1) {
    for (let index = 0; index < 100; index += 1) touch({ what: 'scope' });
    await pass(1);
  }
  const during = versions.view().scope;
  assert.ok(during >= 1 && during <= 4, `${during}`);
  await pass(10);
  const after = versions.view().scope;
  assert.ok(after > during && after <= during + 2, `${after}`);
  await pass(60);
  assert.equal(
    versions.view().scope,
    after + 1,
    'once more, since nobody knows how far the archive is; nothing more happened',
  );
  assert.equal(versions.view().keys, 0);
});

test('a sum must not count up before the archive has what changed it', async () => {
  let taken = 0;
  const { versions, touch, pass } = begin(async () => new Map([['decisions/0', taken]]));
  const offset = touch({ what: 'keys' });
  await pass(55);
  assert.equal(versions.view().keys, 0);
  taken = offset + 1;
  await pass(3);
  assert.equal(versions.view().keys, 1);
  // What came meanwhile is told of too
  touch({ what: 'keys' });
  taken += 1;
  await pass(6);
  assert.equal(versions.view().keys, 2);
});

test('an archive of which nobody knows how far it is must be given its time', async () => {
  const { versions, touch, pass } = begin(() => Promise.reject(new Error('forbidden')));
  await pass(5);
  touch({ what: 'scope' });
  await pass(1);
  assert.equal(versions.view().scope, 0);
  await pass(4);
  assert.equal(versions.view().scope, 1);
});

test('what flows without end must count up every 15 seconds, in memory every 5; what happens beside it at once', async () => {
  const { versions, touch, pass } = begin();
  for (let second = 0; second < 60; second += 1) {
    touch({ what: 'scope', flows: true });
    touch({ what: 'subjects', flows: true });
    await pass(1);
  }
  const { scope, subjects } = versions.view();
  assert.ok(scope >= 3 && scope <= 4, `${scope}`);
  assert.ok(subjects >= 10 && subjects <= 12, `${subjects}`);
  touch({ what: 'scope' });
  await pass(6);
  assert.equal(versions.view().scope, scope + 1);
  touch({ what: 'tokens' });
  await pass(1);
  assert.equal(versions.view().tokens, 1, 'nothing to wait for');
});

test('with time alone sums must count up as their bars move on, and what is in memory must not', async () => {
  const { versions, pass } = begin();
  await pass(299);
  assert.equal(versions.view().modelHealth, 0);
  await pass(1);
  assert.equal(versions.view().modelHealth, 1);
  assert.equal(versions.view().policies, 0);
});

test('what could not be read must be told of once more in a while', async () => {
  const { versions, pass } = begin(async () => new Map());
  await pass(20);
  versions.retry('scope');
  versions.retry('scope');
  await pass(19);
  assert.equal(versions.view().scope, 0);
  await pass(1);
  assert.equal(versions.view().scope, 1);
  await pass(60);
  assert.equal(versions.view().scope, 1);
});

test('a partition that the archive has left standing must not silence its sum', async () => {
  const { versions, touch, pass } = begin(async () => new Map([['decisions/0', 0]]));
  await pass(20);
  touch({ what: 'scope' });
  await pass(55);
  assert.equal(versions.view().scope, 0);
  versions.retry('scope');
  await pass(10);
  assert.equal(versions.view().scope, 1, 'told of after a minute');
  await pass(10);
  assert.equal(versions.view().scope, 2, 'what could not be read does not wait for it');
  await pass(300);
  assert.equal(versions.view().scope, 3, 'its bars move on');
});

test('an answer that is on its way must be waited for, and one that failed must not undo what is known', async () => {
  let say: (places: ReadonlyMap<string, number>) => void = () => {};
  let ask = () => new Promise<ReadonlyMap<string, number>>((resolve) => (say = resolve));
  const { versions, touch, pass } = begin(() => ask());
  touch({ what: 'scope' });
  await pass(20);
  assert.equal(versions.view().scope, 0, 'nobody has said that nobody knows');
  ask = () => Promise.reject(new Error('away'));
  say(new Map([['decisions/0', 0]]));
  await pass(20);
  assert.equal(versions.view().scope, 0, 'the archive did not have it');
  ask = async () => new Map([['decisions/0', 1]]);
  await pass(3);
  assert.equal(versions.view().scope, 1);
  await pass(60);
  assert.equal(versions.view().scope, 1);
});

test('where nobody knows how far the archive is, it must be told of once more', async () => {
  const { versions, touch, pass } = begin(async () => new Map());
  touch({ what: 'scope' });
  await pass(8);
  assert.equal(versions.view().scope, 1);
  await pass(20);
  assert.equal(versions.view().scope, 2);
  await pass(60);
  assert.equal(versions.view().scope, 2);
});

test('what the key host answers for must be told of once more, when it knows too', async () => {
  const { versions, pass } = begin();
  versions.touch({ what: 'behaviour' });
  await pass(1);
  assert.equal(versions.view().behaviour, 1);
  await pass(10);
  assert.equal(versions.view().behaviour, 2);
});

test('each record must touch what depends on it', () => {
  const whats = (topic: string, record: unknown) => touchesOf(topic, record).map(({ what }) => what);
  const scopes = decisionOf('a', 'narrow', 1, { pipeline: 'scope' });
  assert.deepEqual(whats(topics.decisions.name, scopes), ['subjects', 'scope']);
  assert.deepEqual(whats(topics.decisions.name, decisionOf('a', 'revoke', 1)), ['subjects']);
  assert.deepEqual(whats(topics.scores.name, scoreOf('a', 1, 0.1, { pipeline: 'keylife' })), [
    'subjects',
    'modelHealth',
    'keys',
    'behaviour',
  ]);
  const key = credentialOf('key-1', 1, { kind: 'certificate' });
  assert.deepEqual(whats(topics.credentials.name, key), ['subjects', 'keys', 'behaviour']);
  assert.deepEqual(whats(topics.provisions.name, undefined), ['provisioning', 'access']);
  assert.deepEqual(whats(topics.telemetryAccess.name, { clock: { time: 1 } }), [], 'a clock record');
  assert.deepEqual(whats(topics.telemetryAccess.name, { clock: null }), ['access']);
  assert.deepEqual(whats(topics.control.name, { kind: 'model' }), ['models', 'modelHealth']);
  assert.deepEqual(whats(topics.labels.name, {}), []);
});

test('pages that asked an archive in vain must ask once more when it answers again', async () => {
  const clock = { now: 1_000_000 };
  let ping = () => Promise.reject(new Error('away'));
  const desk = new Desk({
    config: { subjects: 100, queue: 100, queueDays: 0 },
    ports: { parts: () => [], archive: { ping: () => ping() } as unknown as NonNullable<ConsolePorts['archive']> },
    log,
    now: () => clock.now,
    write: async () => {},
    alerts: { version: 0, open: 0 },
    approvals: { version: 0, waiting: 0 },
  });
  const pass = async (): Promise<void> => {
    clock.now += 6_000;
    desk.tick();
    await new Promise(setImmediate);
  };
  await pass();
  await pass();
  assert.deepEqual([desk.view().archive, desk.view().versions.scope], ['away', 0]);
  ping = async () => undefined as never;
  await pass();
  await pass();
  assert.deepEqual([desk.view().archive, desk.view().versions.scope, desk.view().versions.keys], ['there', 1, 1]);
  assert.equal(desk.view().versions.tokens, 0);
  await pass();
  assert.equal(desk.view().versions.scope, 1);
});
