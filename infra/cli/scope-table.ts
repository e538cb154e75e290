import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Translation } from '../../schemas/generated/index.ts';
import type { Scopes } from '../../schemas/scopes.ts';
import { topics } from '../../schemas/topics.ts';
import { diffRows, type RowChange, type RowContent, rowsOfFile } from '../../schemas/translations.ts';
import type { AppContext } from '../context.ts';
import { readToEnd } from './register.ts';
import { type Terminal, table } from './terminal.ts';

/** The rows of a YAML file by key. */
export const readTableFile = (file: string, scopes: Scopes): Map<string, RowContent> => {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'), { uniqueKeys: true });
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Table ${file} cannot be read as YAML: ${(cause as Error).message}`,
      { file },
      cause,
    );
  }
  return new Map(rowsOfFile(value, scopes).map((row) => [row.key, row]));
};

/** The rows that are in force, by key. */
export const readTable = async (context: AppContext): Promise<Map<string, Translation>> => {
  const rows = new Map<string, Translation>();
  await readToEnd(context, [topics.translations], (_, key, record) => {
    if (record) rows.set(key, record as Translation);
    else rows.delete(key);
  });
  return rows;
};

/** How the table would change by a file; rows that the file lacks count as removed only where they are to be. */
export const changesBy = (
  before: ReadonlyMap<string, RowContent>,
  file: ReadonlyMap<string, RowContent>,
  scopes: Scopes,
  prune: boolean,
): RowChange[] => diffRows(before, file, scopes).filter(({ kind }) => prune || kind !== 'removed');

const marks = { added: '+', widened: '▲', narrowed: '▼', changed: '~', removed: '-' } as const;

/** Print changes for people. */
export const printChanges = (changes: readonly RowChange[], terminal: Terminal): void => {
  if (changes.length === 0) {
    terminal.print('No differences');
    return;
  }
  const rows = changes.map(({ key, kind, from, to }) => [marks[kind], kind, key, from, '→', to]);
  for (const line of table(['', 'change', 'credential/service', 'from', '', 'to'], rows)) terminal.print(line);
};
