import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../infra/paths.ts';
import { loadSetup } from '../../../infra/setup/load.ts';
import { temporaryFolder } from '../../services/folder.ts';

interface Totals {
  readonly pass: number;
  readonly fail: number;
  readonly cancelled: number;
  readonly duration_ms: number;
}
const { readFailedFiles, mergeTotals } = await loadSetup<{
  readFailedFiles(text: string): { readonly failed: readonly string[]; readonly totals: Totals };
  mergeTotals(first: Totals, again: Totals): Totals;
}>('failed-files.mjs');

const report = async (folder: string, ...files: string[]) => {
  const out = join(folder, 'report.jsonl');
  const reporter = join(packageRoot(), 'infra', 'setup', 'failed-files.mjs');
  const flags = ['--test', `--test-reporter=${reporter}`, `--test-reporter-destination=${out}`];
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  const code = await new Promise<number>((resolve) => {
    execFile(process.execPath, [...flags, ...files], { env }, (error) => resolve(Number(error?.code ?? 0)));
  });
  return { code, ...readFailedFiles(readFileSync(out, 'utf8')) };
};

test('failedFiles tells the files in which a test failed or that broke, and the totals', async (t) => {
  const folder = temporaryFolder(t);
  const write = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, `import test from 'node:test';\n${text}`);
    return file;
  };
  const sound = write('sound.mjs', "test('a', () => {}); test('later', { todo: true }, () => { throw new Error(); });");
  const flaky = write('flaky.mjs', "test('b', () => {}); test('c', () => { throw new Error(); });");
  const broken = write('broken.mjs', 'process.exit(3);');
  const first = await report(folder, sound, flaky, broken);
  assert.equal(first.code, 1);
  assert.deepEqual(new Set(first.failed), new Set([flaky, broken]));
  assert.deepEqual([first.totals.pass, first.totals.fail], [2, 2]);

  write('flaky.mjs', "test('b', () => {}); test('c', () => {});");
  const again = await report(folder, flaky);
  assert.deepEqual([again.code, again.failed], [0, []]);
  const merged = mergeTotals(first.totals, { ...again.totals, fail: 1 });
  assert.deepEqual([merged.pass, merged.fail], [3, 1], 'one was mended, one still fails');
});
