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

test('labels of the first half of SMD make a challenger that is promoted, and false alarms on the second half fall', {
  skip,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...loader, script, '--json']);
  const { figures } = JSON.parse(stdout) as { figures: Record<string, number> };
  const of = (threshold: number, name: string) =>
    ['champion', 'challenger'].map((model) => figures[`${model}.${threshold}.${name}`]!) as [number, number];
  const falls = (threshold: number, name: string, to: number): void => {
    const [before, after] = of(threshold, name);
    assert.ok(after < to * before, `${name} above ${threshold}: ${before}, then ${after}`);
  };
  const holds = (threshold: number, to: number): void => {
    const [before, after] = of(threshold, 'detected');
    assert.ok(after >= to * before, `attacks above ${threshold}: ${before}, then ${after}`);
  };
  assert.equal(figures.promoted, 1, 'the gate lets it pass');
  falls(0.6, 'falseWindows', 0.9);
  falls(0.6, 'falseEpisodes', 0.9);
  falls(0.8, 'falseEpisodes', 1);
  // Some of the champion's attacks lie within an alarm that stands for days on one machine, and end with it.
  holds(0.6, 0.7);
  holds(0.8, 1);
});
