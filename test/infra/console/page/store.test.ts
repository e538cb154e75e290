import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Store } from '../../../../infra/console/page/store.ts';
import type { Change, Snapshot } from '../../../../infra/console/view/protocol.ts';
import { View } from '../../../../infra/console/view/view.ts';
import { credentialOf, scoreOf } from '../records.ts';

const control = {
  ...{ mode: null, killSwitch: false, killSwitchReason: '' },
  thresholds: { low: 0.3, moderate: 0.6, high: 0.9 },
};

/** A server with room for two lanes, which tells a page what it is told. */
const serve = () => {
  const view = new View({ historyMs: 300_000, points: 100, moments: 10, lanes: 2 }, control);
  const sent: Change[] = [];
  return {
    view,
    tell(change: Change): void {
      const gone = view.apply(change);
      if (gone) sent.push(...gone, change);
    },
    flush: (store: Store) => store.take(sent.splice(0), view.id),
    drop: () => sent.splice(0).length,
    snapshot: (boot: string, now: number): Snapshot => ({ boot, ...view.snapshot(now, false) }),
  };
};
const missedBy = ({ missed }: Store) => missed;
const issued = (id: string, at: number): Change => ({ type: 'credential', id, at, credential: credentialOf(id, at) });
const scored = (id: string, at: number): Change => ({ type: 'score', id, at, score: scoreOf(id, at, 0.5) });

test('a page must say that it missed as many changes as the server told while it was away, and no more', () => {
  const now = Date.now();
  const server = serve();
  const store = new Store();
  store.load(server.snapshot('one', now));
  // Lanes that make room for others, and what concerns a lane that nobody keeps
  for (const id of ['a', 'b', 'c', 'd']) server.tell(issued(id, now));
  for (let index = 0; index < 50; index += 1) server.tell(scored('unknown', now + index));
  server.flush(store);
  assert.equal(store.view.id, server.view.id);
  store.load(server.snapshot('one', now + 1_000));
  assert.equal(missedBy(store), null);
  for (const id of ['e', 'f', 'g']) server.tell(issued(id, now + 2_000));
  for (let index = 0; index < 50; index += 1) server.tell(scored('unknown', now + index));
  const missed = server.drop();
  store.load(server.snapshot('one', now + 10_000));
  assert.equal(missedBy(store)?.changes, missed);
});

test('a page must not count across two runs of a server', () => {
  const now = Date.now();
  const [first, second] = [serve(), serve()];
  const store = new Store();
  first.tell(issued('a', now));
  store.load(first.snapshot('one', now));
  for (const id of ['a', 'b', 'c', 'd']) second.tell(issued(id, now));
  store.load(second.snapshot('two', now + 10_000));
  assert.deepEqual(store.missed, { from: now, to: now + 10_000, changes: null });
});
