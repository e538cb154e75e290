import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where a command speaks: results on standard output, everything else on standard error. */
export interface Terminal {
  /** Whether results are wanted as JSON. */
  readonly json: boolean;
  /** A line of the result, for people. */
  print(line?: string): void;
  /** The result as JSON, one object a line. */
  printJson(value: unknown): void;
  /** A line about what goes on. */
  say(line: string): void;
  /** Style text for standard output, or leave it plain where that is no terminal. */
  style(style: Style, text: string): string;
}

/** Whether a stream may be written to in colour: it is a terminal, and `NO_COLOR` is not set. */
export const mayColour = (stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv = process.env): boolean =>
  !environment.NO_COLOR && environment.TERM !== 'dumb' && (stream.isTTY === true || environment.FORCE_COLOR === '1');

/** The terminal of this process. */
export const createTerminal = ({ json = false }: { json?: boolean } = {}): Terminal => {
  const colour = mayColour(process.stdout);
  const prefix = mayColour(process.stderr) ? '\u001b[36mebbtide\u001b[0m' : 'ebbtide';
  return {
    json,
    print: (line = '') => void process.stdout.write(`${line}\n`),
    printJson: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    say: (line) => void process.stderr.write(`${prefix} ${line}\n`),
    style: (style, text) => (colour ? styleText(style, text) : text),
  };
};

/** Align rows under their headings; numbers to the right. */
export const table = (
  headings: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string[] => {
  const cells = rows.map((row) => headings.map((_, column) => String(row[column] ?? '')));
  const numeric = headings.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(headings), ...cells.map(line)];
};

/** A duration for people: `850 ms`, `12.5 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`. */
export const duration = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  const units = [
    [86_400_000, 'd', 3_600_000, 'h'],
    [3_600_000, 'h', 60_000, 'min'],
    [60_000, 'min', 1_000, 's'],
  ] as const;
  const [large, largeName, small, smallName] = units.find(([unit]) => ms >= unit)!;
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
};
