import { EbbtideError } from '../../schemas/errors.ts';

/** Somebody's repetitions of one phrase, in the order in which they were typed. */
export interface Typist {
  readonly name: string;
  /** repetitions × timings, seconds; see `timingNames`. */
  readonly seconds: Float64Array;
  readonly repetitions: number;
}

/** What several people typed: the same phrase each. */
export interface Typing {
  readonly timings: number;
  readonly typists: readonly Typist[];
}

const malformed = (line: number, why: string): EbbtideError =>
  new EbbtideError('RECORD_MALFORMED', `Line ${line} of the keystroke table ${why}`, { line });

/**
 * Read a table of the form of CMU's keystroke benchmark: `subject,sessionIndex,rep`, then per key the hold and, to the
 * next key, down-down and up-down in seconds, the columns beginning with `H.`, `DD.` and `UD.`.
 *
 * @param text CSV with a header
 * @returns people in the order in which they appear, repetitions in theirs
 * @throws EbbtideError RECORD_MALFORMED with the line
 */
export const readTyping = (text: string): Typing => {
  const [header = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const names = header.split(',');
  const timings = names.length - 3;
  const wanted = ['H.', 'DD.', 'UD.'];
  if (names[0] !== 'subject' || timings < 1 || timings % 3 !== 1)
    throw malformed(1, 'must be subject,sessionIndex,rep and 3n − 2 timings of n keys');
  names.slice(3).forEach((name, i) => {
    if (!name.startsWith(wanted[i % 3]!)) throw malformed(1, `has column ${name} where ${wanted[i % 3]}… belongs`);
  });
  const rows = new Map<string, number[]>();
  lines.forEach((line, i) => {
    const [subject = '', , , ...texts] = line.split(',');
    const values = texts.map(Number);
    if (subject === '' || values.length !== timings || !values.every(Number.isFinite))
      throw malformed(i + 2, `must hold a subject and ${timings} numbers`);
    const own = rows.get(subject) ?? [];
    for (const value of values) own.push(value);
    rows.set(subject, own);
  });
  const typists = [...rows].map(([name, values]) => ({
    name,
    seconds: Float64Array.from(values),
    repetitions: values.length / timings,
  }));
  return { timings, typists };
};
