/** Rows that settle how wide the columns are: later ones may stick out. */
const rowsMeasured = 1000;
/** Longer cells are cut, so that a table stays one. */
const widestCell = 80;

const numeric = /^(Nullable\()?(U?Int|Float|Decimal)/;

async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of text) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

const cellOf = (value: unknown): string => {
  const text = value === null ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  // A line break or escape sequence inside a value must not reach the terminal.
  const shown = text.replaceAll(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
  return shown.length > widestCell ? `${shown.slice(0, widestCell - 1)}…` : shown;
};

/**
 * A table for people out of ClickHouse's `JSONCompactEachRowWithNamesAndTypes`.
 *
 * Columns are as wide as the first 1,000 rows need; numbers stand to the right.
 *
 * @param text - the format's lines, cut anywhere
 */
export async function* formatTable(text: AsyncIterable<string>): AsyncGenerator<string> {
  const lines = linesOf(text);
  const next = async (): Promise<unknown[] | undefined> => {
    const { value, done } = await lines.next();
    return done || value === '' ? undefined : JSON.parse(value);
  };
  const names = await next();
  const types = await next();
  if (!names || !types) return;
  const head = names.map(cellOf);
  const rightward = types.map((type) => numeric.test(String(type)));
  const first: string[][] = [];
  for (let row = await next(); row; row = await next()) {
    first.push(row.map(cellOf));
    if (first.length === rowsMeasured) break;
  }
  const widths = head.map((name, column) => Math.max(name.length, ...first.map((row) => row[column]!.length)));
  const lineOf = (cells: readonly string[]): string =>
    `${cells
      .map((cell, column) => (rightward[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()}\n`;
  yield lineOf(head) + lineOf(widths.map((width) => '─'.repeat(width)));
  yield first.map(lineOf).join('');
  let count = first.length;
  if (count === rowsMeasured)
    for (let row = await next(); row; row = await next()) {
      count++;
      yield lineOf(row.map(cellOf));
    }
  yield `${count} ${count === 1 ? 'row' : 'rows'}\n`;
}
