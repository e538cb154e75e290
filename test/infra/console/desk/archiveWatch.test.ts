import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeskArchive } from '../../../../infra/clickhouse/desk.ts';
import { ArchiveWatch } from '../../../../infra/console/desk/archiveWatch.ts';
import { createLogger } from '../../../../infra/log.ts';
import { EbbtideError } from '../../../../schemas/errors.ts';

const log = createLogger('test');
const minute = 60_000;

/** An archive of which the test says how it answers pings. */
const rig = (silenceMs: number) => {
  let now = minute;
  const next: { ping(): Promise<void> } = { ping: async () => {} };
  const archive = { ping: () => next.ping() } as unknown as DeskArchive;
  const watch = new ArchiveWatch(archive, log, () => now, silenceMs);
  const check = () => {
    now += minute;
    return watch.check();
  };
  return { next, watch, check };
};

test('ArchiveWatch asks nothing of an archive that is away but whether it answers again', async () => {
  const { next, watch, check } = rig(minute);
  const failed = new EbbtideError('CLICKHOUSE_UNAVAILABLE', 'ClickHouse does not answer');
  assert.equal(await watch.attempt(() => Promise.reject(failed)), undefined);
  assert.equal(watch.state, 'away');
  let asked = 0;
  const ask = async () => ++asked;
  assert.equal(await watch.attempt(ask), undefined);
  assert.equal(asked, 0);
  next.ping = () => Promise.reject(failed);
  await check();
  assert.equal(await watch.attempt(ask), undefined);
  next.ping = async () => {};
  await check();
  assert.deepEqual([watch.state, watch.since, await watch.attempt(ask)], ['there', null, 1]);
});

test('ArchiveWatch lets nobody wait for an archive that hangs, and hears when it answers after all', async () => {
  const { next, watch, check } = rig(1);
  let answer = (): void => {};
  next.ping = () => new Promise((resolve) => (answer = resolve));
  const waiting = watch.attempt(() => new Promise<never>(() => {}));
  const checked = check();
  // Both hang: that the archive is away ends the first
  const alive = setInterval(() => {}, 1_000);
  assert.equal(await waiting, undefined);
  clearInterval(alive);
  assert.equal(watch.state, 'away');
  answer();
  await checked;
  assert.equal(watch.state, 'there');
});
