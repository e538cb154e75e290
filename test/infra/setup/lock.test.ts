import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadSetup } from '../../../infra/setup/load.ts';
import { temporaryFolder } from '../../services/folder.ts';

interface LockModule {
  withLock<T>(path: string, work: () => Promise<T>, options?: { timeoutMs: number }): Promise<T>;
}
const { withLock } = await loadSetup<LockModule>('lock.mjs');
const noSuchPid = 2 ** 22 + 1;

test('withLock lets one piece of work in at a time', async (t) => {
  const lock = join(temporaryFolder(t), 'lock');
  let inside = 0;
  const work = async () => {
    inside += 1;
    assert.equal(inside, 1);
    await sleep(20);
    inside -= 1;
  };
  await Promise.all([withLock(lock, work), withLock(lock, work), withLock(lock, work)]);
  assert.equal(existsSync(lock), false);
});

test('withLock takes over the lock of a process that is gone', async (t) => {
  const lock = join(temporaryFolder(t), 'lock');
  writeFileSync(lock, `${noSuchPid}\n`);
  assert.equal(await withLock(lock, async () => 'done'), 'done');
});

test('withLock gives up on a holder that lives, and names it', async (t) => {
  const lock = join(temporaryFolder(t), 'lock');
  writeFileSync(lock, `${process.ppid}\n`);
  await assert.rejects(
    withLock(lock, async () => {}, { timeoutMs: 50 }),
    { name: 'SetupError', message: new RegExp(`Process ${process.ppid} holds`) },
  );
});

test('withLock releases when the work fails', async (t) => {
  const lock = join(temporaryFolder(t), 'lock');
  await assert.rejects(
    withLock(lock, async () => {
      throw new Error('broken');
    }),
    /broken/,
  );
  assert.equal(existsSync(lock), false);
});
