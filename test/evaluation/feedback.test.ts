import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sharedData } from '../services/require.ts';

const extension = extname(import.meta.url);
const script = fileURLToPath(new URL(`feedback${extension}`, import.meta.url));
const loader = extension === '.ts' ? ['--import', 'tsx'] : [];
const smd = join(sharedData(), 'smd');
const skip = existsSync(smd) ? false : `the data set SMD is not in ${smd}`;

test('labels of the first half of SMD make false alarms on the second fall while detection holds', {
  skip,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...loader, script, '--json']);
  const { figures } = JSON.parse(stdout) as { figures: Record<string, number> };
  const of = (threshold: number, name: string) =>
    ['champion', 'challenger'].map((model) => figures[`${model}.${threshold}.${name}`]!) as [number, number];
  const [falseBefore, falseAfter] = of(0.6, 'falseWindows');
  assert.ok(falseAfter < 0.9 * falseBefore, `false windows: ${falseBefore}, then ${falseAfter}`);
  for (const threshold of [0.6, 0.8]) {
    const [before, after] = of(threshold, 'detected');
    assert.ok(after >= 0.9 * before, `attacks above ${threshold}: ${before}, then ${after}`);
  }
});
