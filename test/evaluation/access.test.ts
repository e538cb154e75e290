import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { evaluateNasa } from '../../models/evaluation/access/index.ts';
import { dataSetsFolder } from '../../models/evaluation/index.ts';

const folder = join(dataSetsFolder(), 'access');
const skip = existsSync(folder) ? false : `the data set is not in ${folder}`;

// One network instead of three, to be done in minutes on one slow core; docs/access.md has the figures of three.
test('the access model reaches its floors on the NASA iPSC log, and wastes less than every policy', {
  skip,
}, async () => {
  const { figures, tables } = await evaluateNasa({ members: 1 })({
    folder,
    detectors: ['ebbtide', 'statistics'],
    onProgress: () => undefined,
  });
  const told = JSON.stringify(figures);
  assert.ok(figures.onsetAp1h! >= 0.38, told);
  assert.ok(figures.ap24h! >= 0.8, told);
  // Every session that begins in the test
  assert.equal(figures.nextSessions, 624, told);
  assert.ok(figures.nextSessionMedianErrorH! <= 2.2, told);
  assert.ok(figures.nextSessionMedianErrorH! < figures.constantMedianErrorH!, told);
  assert.ok(figures.ece1h! <= 0.02, told);
  const [ours, ...others] = tables.find(({ title }) => /lies unused/.test(title))!.rows;
  assert.equal(ours![0], 'ebbtide');
  for (const [policy, ...wasted] of others)
    wasted.forEach((minutes, i) => {
      const theirs = minutes === 'not reached' ? Number.POSITIVE_INFINITY : Number(minutes);
      assert.ok(Number(ours![i + 1]) < theirs, `${policy} wastes ${minutes} minutes, ours ${ours![i + 1]}`);
    });
});
