import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { EbbtideError } from '../../schemas/errors.ts';

/** One machine of the Server Machine Dataset. */
export interface SmdMachine {
  /** Such as `1-6`. */
  readonly name: string;
  readonly metrics: number;
  /** rows × metrics, unlabelled, taken as benign. */
  readonly train: Float64Array;
  /** rows × metrics */
  readonly test: Float64Array;
  /** One a test row: 1 where it is labelled anomalous. */
  readonly labels: Uint8Array;
}

/** Rows are one minute apart. */
export const smdIntervalMs = 60_000;

const readRows = (path: string): { rows: Float64Array; metrics: number } => {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  const metrics = lines[0]!.split(',').length;
  const rows = new Float64Array(lines.length * metrics);
  lines.forEach((line, row) => {
    const cells = line.split(',');
    if (cells.length !== metrics)
      throw new EbbtideError('DATA_MISSING', `Row ${row + 1} of ${path} has ${cells.length} cells, not ${metrics}`, {
        path,
      });
    for (let i = 0; i < metrics; i++) rows[row * metrics + i] = Number(cells[i]);
  });
  return { rows, metrics };
};

/**
 * Read the machines of a folder: `machine-<name>_train.csv.gz`, `machine-<name>_test.csv.gz` and
 * `machine-<name>_test_label.csv`.
 *
 * @throws EbbtideError DATA_MISSING when there is none, or a file is missing or malformed
 */
export const readSmdMachines = (folder: string): SmdMachine[] => {
  const names = readdirSync(folder)
    .map((file) => /^machine-(.+)_train\.csv\.gz$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
  if (names.length === 0)
    throw new EbbtideError('DATA_MISSING', `No machine-<name>_train.csv.gz lies in ${folder}`, { folder });
  return names.map((name) => {
    const path = (part: string) => join(folder, `machine-${name}_${part}`);
    for (const part of ['test.csv.gz', 'test_label.csv'])
      if (!existsSync(path(part)))
        throw new EbbtideError('DATA_MISSING', `Machine ${name} lacks ${path(part)}`, { path: path(part) });
    const train = readRows(path('train.csv.gz'));
    const test = readRows(path('test.csv.gz'));
    const labels = Uint8Array.from(readFileSync(path('test_label.csv'), 'utf8').trimEnd().split('\n'), Number);
    if (labels.length * test.metrics !== test.rows.length)
      throw new EbbtideError('DATA_MISSING', `Machine ${name} has ${labels.length} labels for its test rows`, { name });
    return { name, metrics: test.metrics, train: train.rows, test: test.rows, labels };
  });
};
