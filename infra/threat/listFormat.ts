import { splitCsv } from '../files/csv.ts';
import type { FeedConfig } from './config.ts';
import type { Gathering } from './gathering.ts';

/** A row of more is no row of a list. */
export const longestLine = 10_000;

/**
 * Reads a list, line by line: an address, a network or a range (`first-last`), or a row of CSV. Blank lines and
 * comments (`#`, `;`, `//`) are passed over, and what follows ` #` or ` ;` on a line, as Spamhaus and others write it.
 */
export const listReader = (feed: FeedConfig, into: Gathering): ((line: string) => void) => {
  const { kind, columns } = feed;
  let header: readonly string[] | undefined;
  let first = true;
  const place = (column: string | number | undefined): number | undefined => {
    if (typeof column !== 'string') return column;
    const at = header?.indexOf(column.toLowerCase()) ?? -1;
    return at < 0 ? undefined : at;
  };
  const named = Object.values(columns).some((column) => typeof column === 'string');

  return (raw) => {
    const text = raw.trim();
    if (text === '' || /^(#|;|\/\/)/.test(text)) return;
    const line = kind === 'userAgent' ? text : text.replace(/\s+[#;].*$/, '');
    const cells = kind === 'userAgent' && !named ? [line] : cellsOf(line);
    const begins = first;
    first = false;
    if (begins && named) {
      header = cells?.map((cell) => cell.toLowerCase());
      return;
    }
    if (!cells) return into.malformed();
    const valueAt = place(columns.value);
    const confidenceText = cellAt(cells, place(columns.confidence));
    const endText = cellAt(cells, place(columns.validUntil));
    const statement = {
      kind,
      confidence: confidenceText === undefined ? undefined : Number(confidenceText),
      validUntil: endText === undefined ? undefined : timeOf(endText),
    };
    const candidates = valueAt === undefined && columns.value === undefined ? cells : [cells[valueAt ?? -1] ?? ''];
    if (candidates.some((value) => value !== '' && into.add({ ...statement, value }))) return;
    // The first row of a CSV may be its header
    if (!begins || cells.length < 2) into.malformed();
  };
};

/** Undefined where a quote is not closed. */
const cellsOf = (line: string): string[] | undefined => {
  const cells = /[,"]/.test(line) ? splitCsv(line) : line.split(/[\t;|]/);
  return cells?.map((cell) => cell.trim());
};

/** Undefined where the cell is absent or empty. */
const cellAt = (cells: readonly string[], at: number | undefined): string | undefined =>
  at === undefined || cells[at] === '' ? undefined : cells[at];

/** ISO 8601, UTC where it names no zone, or epoch seconds; NaN for anything else, and the row has then ended. */
const timeOf = (text: string): number => {
  if (/^\d{9,11}$/.test(text)) return Number(text) * 1000;
  return Date.parse(
    /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}${text.includes(':') ? 'Z' : ''}`,
  );
};
