import { resourceMetrics } from '../../models/features/resource.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { SampleReader } from './telemetry.ts';

const columnNames = ['subject', 'time', ...resourceMetrics] as const;

/**
 * One line of comma-separated values; a cell may stand in double quotes, with a doubled quote for a quote.
 *
 * @returns undefined where a quote is not closed
 */
export const splitCsv = (line: string): string[] | undefined => {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (line[at + 1] === '"') cell += line[++at];
      else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === ',') {
      cells.push(cell);
      cell = '';
    } else cell += letter;
  }
  cells.push(cell);
  return quoted ? undefined : cells;
};

/** Epoch milliseconds of a cell: a number, or ISO 8601. */
export const timeOf = (text: string): number => {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  // A time without a zone is UTC, as everywhere here.
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}Z`);
};

/**
 * Read telemetry as CSV: a header, then `subject,time,<metric>,…`; metrics that are absent or empty are missing, and so
 * is `NaN`. `time` is epoch milliseconds or ISO 8601.
 *
 * @param file for messages
 * @throws {EbbtideError} `RECORD_MALFORMED` with file, line and column
 */
export const csvReader = (file: string, visit: SampleReader): ((line: string, number: number) => void) => {
  let header: readonly string[] | undefined;
  let places: readonly number[] = [];
  const values = new Float64Array(resourceMetrics.length);
  const fail = (line: number, column: string | undefined, why: string): never => {
    const where = column === undefined ? `line ${line}` : `line ${line}, column ${column}`;
    throw new EbbtideError('RECORD_MALFORMED', `File ${file}, ${where}: ${why}`, {
      file,
      line,
      ...(column === undefined ? {} : { column }),
    });
  };
  return (line, number) => {
    if (line.trim() === '') return;
    const cells = splitCsv(line);
    if (!cells) return fail(number, undefined, 'a quote is not closed');
    if (!header) {
      const names = cells.map((cell) => cell.trim().replace(/^\uFEFF/, ''));
      header = names;
      for (const required of ['subject', 'time'])
        if (!names.includes(required))
          fail(number, required, `the header lacks it; columns are ${columnNames.join(', ')}`);
      for (const name of names)
        if (!(columnNames as readonly string[]).includes(name) && name !== 'label')
          fail(number, name, `there is no such column; columns are ${columnNames.join(', ')}`);
      if (!resourceMetrics.some((metric) => names.includes(metric)))
        fail(number, undefined, `the header names no metric; there are ${resourceMetrics.join(', ')}`);
      places = names.map((name) => (columnNames as readonly string[]).indexOf(name));
      return;
    }
    if (cells.length !== header.length)
      fail(number, undefined, `it has ${cells.length} cells, the header has ${header.length}`);
    values.fill(Number.NaN);
    let subject = '';
    let time = Number.NaN;
    for (let i = 0; i < cells.length; i++) {
      const place = places[i]!;
      const cell = cells[i]!.trim();
      if (place === 0) subject = cell;
      else if (place === 1) {
        time = timeOf(cell);
        if (!(Math.abs(time) < 8.64e15))
          fail(number, 'time', `${JSON.stringify(cell)} is neither epoch milliseconds nor ISO 8601`);
      } else if (place >= 2 && cell !== '' && !/^nan$/i.test(cell)) {
        const value = Number(cell);
        if (Number.isNaN(value)) fail(number, header[i], `${JSON.stringify(cell)} is not a number`);
        values[place - 2] = value;
      }
    }
    if (subject === '') fail(number, 'subject', 'it is empty');
    visit(subject, time, values);
  };
};
