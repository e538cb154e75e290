import { statSync } from 'node:fs';
import { hourOf } from '../../models/access/history.ts';
import { type PairEvent, pairOf } from '../../models/access/population.ts';
import type { AccessSource } from '../../models/access/source.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { splitCsv, timeOf } from './csv.ts';
import { readLines } from './lines.ts';

const columns = ['user', 'vm', 'time', 'durationMs'] as const;

/** Read rows of accesses: `user,vm,time`, and `durationMs` where one is known. */
const csvAccesses = (file: string, visit: (event: PairEvent) => void): ((line: string, number: number) => void) => {
  let header: readonly string[] | undefined;
  const fail = (line: number, column: string, why: string): never => {
    throw new EbbtideError('RECORD_MALFORMED', `File ${file}, line ${line}, column ${column}: ${why}`, {
      file,
      line,
      column,
    });
  };
  return (line, number) => {
    if (line.trim() === '') return;
    const cells = splitCsv(line)?.map((cell) => cell.trim());
    if (!cells) return fail(number, '1', 'a quote is not closed');
    if (!header) {
      header = cells.map((cell) => cell.replace(/^\uFEFF/, ''));
      for (const required of ['user', 'time'])
        if (!header.includes(required))
          fail(number, required, `the header lacks it; columns are ${columns.join(', ')}`);
      const odd = header.find((name) => !(columns as readonly string[]).includes(name));
      if (odd !== undefined) fail(number, odd, `there is no such column; columns are ${columns.join(', ')}`);
      return;
    }
    if (cells.length !== header.length)
      fail(number, String(cells.length), `it has ${cells.length} cells, the header has ${header.length}`);
    const cell = (name: (typeof columns)[number]): string => cells[header!.indexOf(name)] ?? '';
    if (cell('user') === '') fail(number, 'user', 'it is empty');
    const timeMs = timeOf(cell('time'));
    if (!(Math.abs(timeMs) < 8.64e15))
      fail(number, 'time', `${JSON.stringify(cell('time'))} is neither epoch milliseconds nor ISO 8601`);
    const lasts = cell('durationMs') !== '';
    const durationMs = Number(cell('durationMs'));
    if (!(durationMs >= 0)) fail(number, 'durationMs', `${JSON.stringify(cell('durationMs'))} is no duration`);
    const pair = pairOf(cell('user'), cell('vm'));
    visit({ pair, event: { kind: 'access', timeMs, lasts } });
    if (lasts) visit({ pair, event: { kind: 'end', timeMs: timeMs + durationMs } });
  };
};

/**
 * Accesses in a CSV file: `user,vm,time[,durationMs]`, epoch milliseconds or ISO 8601; `vm` may be absent or empty.
 *
 * @throws {EbbtideError} `DATA_MISSING` when the file cannot be read; from its methods `RECORD_MALFORMED` with file, line
 * and column
 */
export const fileAccesses = (file: string): AccessSource => {
  if (!/\.csv(\.gz)?$/i.test(file))
    throw new EbbtideError('REQUEST_INVALID', `File ${file} must end in .csv or .csv.gz`, { file });
  let bytes: number;
  try {
    bytes = statSync(file).size;
  } catch (cause) {
    throw new EbbtideError('DATA_MISSING', `File ${file} cannot be read: ${(cause as Error).message}`, { file }, cause);
  }
  return {
    lineage: { kind: 'file', file, bytes },
    activity: ({ fromMs, toMs }, visit, signal) =>
      readLines(
        file,
        csvAccesses(file, ({ pair, event }) => {
          if (event.kind === 'access' && event.timeMs >= fromMs && event.timeMs < toMs)
            visit(pair, hourOf(event.timeMs));
        }),
        signal,
      ),
    events: ({ fromMs, toMs }, pairs, visit, signal) =>
      readLines(
        file,
        csvAccesses(file, (it) => {
          if (pairs.has(it.pair) && it.event.timeMs >= fromMs && it.event.timeMs < toMs) visit(it);
        }),
        signal,
      ),
  };
};
