import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BytesOnDisk, type Kept } from '../../infra/bytesOnDisk.ts';
import { createRandom } from '../../models/training/random.ts';

const open = (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-disk-'));
  const disk = new BytesOnDisk(folder, 'test');
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return { disk, folder };
};

test('whatever is kept comes back as it was, however often others are kept and released', (t) => {
  const { disk } = open(t);
  const random = createRandom(3);
  const kept = new Map<number, { bytes: Buffer; at: Kept }>();
  let most = 0;
  for (let i = 0; i < 4_000; i++) {
    const name = random.integer(0, 50);
    const before = kept.get(name);
    const bytes = randomBytes(random.integer(1, 60_000));
    kept.set(name, { bytes, at: disk.keep(bytes) });
    if (before) disk.release(before.at);
    most = Math.max(
      most,
      [...kept.values()].reduce((sum, { bytes }) => sum + bytes.length, 0),
    );
  }
  for (const { bytes, at } of kept.values()) assert.ok(disk.read(at).equals(bytes));
  assert.ok(disk.size < 1.2 * most + 80_000, `${disk.size} bytes for ${most} at most`);
  assert.equal(disk.held, 0);
  disk.close();
});

test('nothing of it has a name, so that nothing remains', (t) => {
  const { disk, folder } = open(t);
  disk.keep(Buffer.from('sealed'));
  assert.deepEqual(readdirSync(folder), []);
  disk.close();
});

test('what the disk does not take stays in memory, and somebody is told', (t) => {
  const { folder } = open(t);
  const told: string[] = [];
  const disk = new BytesOnDisk(folder, 'full', (error) => told.push(error.message));
  const before = disk.keep(Buffer.from('before'));
  // A disk that takes nothing more: the file is closed
  disk.close();
  const kept = disk.keep(Buffer.from('after'));
  assert.equal(disk.read(kept).toString(), 'after');
  assert.deepEqual([told.length, disk.held], [1, 5]);
  disk.release(kept);
  assert.equal(disk.held, 0);
  assert.throws(() => disk.read(before));
});
