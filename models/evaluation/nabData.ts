import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EbbtideError } from '../../schemas/errors.ts';

/** One series of the Numenta Anomaly Benchmark. */
export interface NabSeries {
  /** Path below `data/`, such as `realKnownCause/nyc_taxi.csv`. */
  readonly name: string;
  /** Epoch ms, times taken as UTC. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Labelled windows: first row and last row. */
  readonly windows: readonly (readonly [number, number])[];
  /** Rows at the beginning that are not scored: 15 %, at most 750. */
  readonly probation: number;
}

const parseTime = (text: string): number => Date.parse(`${text.trim().slice(0, 19).replace(' ', 'T')}Z`);

const readLabels = (folder: string): Record<string, [string, string][]> => {
  const path = join(folder, 'labels/combined_windows.json');
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new EbbtideError('DATA_MISSING', `NAB's labels cannot be read from ${path}`, { path }, cause);
  }
};

/**
 * Parse a CSV of `timestamp,value`.
 *
 * @throws EbbtideError DATA_MISSING when a row is not a time and a number
 */
export const parseSeries = (text: string, path: string): { times: Float64Array; values: Float64Array } => {
  const lines = text.trimEnd().split(/\r?\n/).slice(1);
  const times = new Float64Array(lines.length);
  const values = new Float64Array(lines.length);
  lines.forEach((line, row) => {
    const [time = '', value = ''] = line.split(',');
    times[row] = parseTime(time);
    values[row] = value.trim() === '' ? Number.NaN : Number(value);
    if (Number.isNaN(times[row]) || Number.isNaN(values[row]))
      throw new EbbtideError('DATA_MISSING', `Row ${row + 2} of ${path} is not "timestamp,value", got "${line}"`, {
        path,
      });
  });
  return { times, values };
};

/** NAB's length of probation. */
export const probationRows = (rows: number): number => Math.min(Math.floor(0.15 * rows), Math.floor(0.15 * 5000));

/**
 * Read all series of NAB, or of a folder of the same form: `data/<group>/<series>.csv` and
 * `labels/combined_windows.json`.
 *
 * @throws EbbtideError DATA_MISSING when something is not there or cannot be read
 */
export const readNabSeries = (folder: string): NabSeries[] => {
  const labels = readLabels(folder);
  const data = join(folder, 'data');
  const names = readdirSync(data, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.csv'))
    .sort();
  return names.map((name) => {
    const path = join(data, name);
    const { times, values } = parseSeries(readFileSync(path, 'utf8'), path);
    const rowOf = (time: string): number => {
      const row = times.indexOf(parseTime(time));
      if (row < 0)
        throw new EbbtideError(
          'DATA_MISSING',
          `A labelled window of ${name} begins or ends at ${time}, where no row is`,
          {
            path,
          },
        );
      return row;
    };
    const windows = (labels[name] ?? []).map(([from, to]) => [rowOf(from), rowOf(to)] as const);
    return { name, times, values, windows, probation: probationRows(times.length) };
  });
};
