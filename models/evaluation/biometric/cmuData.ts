import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { EbbtideError } from '../../../schemas/errors.ts';
import { logTimings } from '../../biometric/keystrokes.ts';
import { readTyping, type Typing } from '../../biometric/typing.ts';

/** Repetitions of each person in CMU's benchmark, and those of them that are enrolled. */
export const cmuRepetitions = 400;
export const cmuEnrolled = 200;
/** Repetitions of each impostor that try, the first ones and, as practised impostors, the last ones. */
export const cmuImpostor = 5;

/** CMU's benchmark, with the logarithmic timings beside the seconds. */
export interface CmuTyping extends Typing {
  /** One repetition, in seconds. */
  seconds(person: number, repetition: number): Float64Array;
  /** One repetition, transformed. */
  sample(person: number, repetition: number): Float64Array;
  /** Repetitions from and before, transformed: rows × timings. */
  samples(person: number, from: number, before: number): Float64Array;
}

/**
 * Read CMU's keystroke benchmark (Killourhy and Maxion 2009): one `.csv` or `.csv.gz` in a folder.
 *
 * @throws EbbtideError DATA_MISSING without such a file, or for people with fewer repetitions; RECORD_MALFORMED
 */
export const readCmu = (folder: string): CmuTyping => {
  const file = readdirSync(folder).find((name) => /\.csv(\.gz)?$/.test(name));
  if (!file) throw new EbbtideError('DATA_MISSING', `No .csv or .csv.gz of keystrokes lies in ${folder}`, { folder });
  const bytes = readFileSync(join(folder, file));
  const typing = readTyping((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  const { timings, typists } = typing;
  const short = typists.find(({ repetitions }) => repetitions < cmuRepetitions);
  if (short || typists.length < 2)
    throw new EbbtideError(
      'DATA_MISSING',
      `The protocol takes ${cmuRepetitions} repetitions each of at least two people, got ${typists.length} people${short ? `, ${short.name} with ${short.repetitions}` : ''}`,
      { folder },
    );
  const logs = typists.map(({ seconds }) => logTimings(seconds, timings));
  return {
    ...typing,
    seconds: (person, repetition) =>
      typists[person]!.seconds.subarray(repetition * timings, (repetition + 1) * timings),
    sample: (person, repetition) => logs[person]!.subarray(repetition * timings, (repetition + 1) * timings),
    samples: (person, from, before) => logs[person]!.subarray(from * timings, before * timings),
  };
};
