import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { evaluateFolder, parseOwnSeries } from '../../../models/evaluation/folder.ts';
import { findEvaluator } from '../../../models/evaluation/index.ts';
import { drawPage } from '../../../models/evaluation/page/page.ts';
import { createRandom } from '../../../models/training/random.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

let folder: string;

const csv = (metrics: number, label: boolean): string => {
  const random = createRandom(metrics);
  const names = Array.from({ length: metrics }, (_, i) => `metric<${i}>`);
  const lines = Array.from({ length: 900 }, (_, row) => {
    const strange = row >= 700 && row < 740;
    const load = Math.sin(row / 30);
    const cells = names.map((_, i) =>
      (0.5 + 0.2 * load + 0.02 * random.normal() + (strange && i === 0 ? 1 : 0)).toFixed(4),
    );
    return [new Date(1.7e12 + row * 60_000).toISOString(), ...cells, ...(label ? [strange ? 1 : 0] : [])].join(',');
  });
  return `${['time', ...names, ...(label ? ['label'] : [])].join(',')}\n${lines.join('\n')}\n`;
};

const quiet = () => undefined;

suite('evaluating one’s own series', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebbtide-evaluate-'));
    await writeFile(join(folder, 'many.csv'), csv(4, true));
    await writeFile(join(folder, 'one.csv'), csv(1, false));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('finds a labelled event in CSV files, and tells what it measured', async () => {
    const { evaluate, folder: found } = findEvaluator('anomaly', folder);
    assert.equal(found, folder);
    const evaluation = await evaluate({ folder, detectors: ['statistics', 'random'], onProgress: quiet });
    assert.equal(evaluation.figures.series, 2);
    assert.ok(evaluation.figures.aucPr! > 0.8, `${evaluation.figures.aucPr}`);
    assert.equal(evaluation.timelines.length, 2);
    assert.deepEqual(
      evaluation.tables[0]!.rows.map((row) => row[0]),
      ['statistics', 'statistics', 'random', 'random'],
    );
  });

  test('makes a page that loads nothing, runs nothing and escapes what it shows', async () => {
    const evaluation = await evaluateFolder({ folder, detectors: ['ewma'], onProgress: quiet });
    const page = drawPage({ ...evaluation, title: '<script>alert(1)</script>' }, { node: '<b>' });
    assert.doesNotMatch(page, /<script|<b>|(?:src|href|url)\s*[=(]/i);
    assert.match(page, /<svg viewBox/);
    assert.match(page, /prefers-color-scheme:dark/);
  });

  test('stops with CANCELLED when its signal fires', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(evaluateFolder({ folder, detectors: ['ewma'], onProgress: quiet, signal }), (error) =>
      isEbbtideError(error, 'CANCELLED'),
    );
  });

  test('names the row and the cell that are wrong', () => {
    const rows = Array.from({ length: 80 }, (_, row) => `2024-01-01 00:${String(row % 60).padStart(2, '0')}:00,1`);
    const refused = (text: string, what: RegExp) =>
      assert.throws(
        () => parseOwnSeries(text, 'x.csv'),
        (error) => isEbbtideError(error, 'DATA_MISSING') && what.test(error.message),
      );
    refused('time,value\n', /too few/);
    refused(`time\n${rows.join('\n')}`, /no metric/);
    refused(`time,value\n${rows.join('\n')}`, /row 62 is older/);
    refused(`time,value\n${rows.slice(0, 59).join('\n')}\n2024-01-01 01:00:00,many`, /row 61 has "many" for value/);
    refused(`time,value\n${rows.slice(0, 59).join('\n')}\nsoon,1`, /row 61 begins with "soon"/);
  });
});

suite('findEvaluator()', () => {
  test('says what is possible when asked for something else', () => {
    const refused = (data: string, code: 'REQUEST_INVALID' | 'DATA_MISSING', what: RegExp, subject = 'anomaly') =>
      assert.throws(
        () => findEvaluator(subject, data),
        (error) => isEbbtideError(error, code) && what.test(error.message),
      );
    refused('nab', 'REQUEST_INVALID', /only anomaly/, 'weather');
    refused('mnist=/tmp', 'REQUEST_INVALID', /nab, smd/);
    refused('nab=/nowhere/at/all', 'DATA_MISSING', /docs\/evaluation\.md.*nab=DIR/);
    refused('/nowhere/at/all', 'DATA_MISSING', /not there or empty/);
  });
});
