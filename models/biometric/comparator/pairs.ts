import * as tf from '@tensorflow/tfjs-core';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Random } from '../../training/random.ts';
import { keysOf, logTimings } from '../keystrokes.ts';
import { makeTemplate } from '../template.ts';
import type { Typing, Typist } from '../typing.ts';
import { fillInputs, inputsOf, inputsPerKey, learnPopulation, type Population, type Typical } from './inputs.ts';
import type { Pairs } from './trainable.ts';

/** How many samples a person has enrolled, and how often. */
const enrolments: readonly (readonly [samples: number, share: number])[] = [
  [10, 0.1],
  [25, 0.15],
  [50, 0.2],
  [100, 0.25],
  [200, 0.3],
];
/** Genuine samples are among so many after the enrolment: people change. */
const genuineWithin = 200;
/** Impostors' samples that count as unpractised, from and before; those before are left to tests. */
const unpractised = [5, 15] as const;
const unpractisedShare = 0.6;
/** Enrolments begin at each such place, so that templates can be kept. */
const stride = 10;
/** Samples that a person must have to be learned from. */
export const fewestRepetitions = 30;

/** Draws pairs of people. */
export interface PairSource {
  readonly population: Population;
  /** Half genuine, half impostors. The caller disposes of them. */
  draw(random: Random, count: number): Pairs;
}

/**
 * Make a source of pairs out of what people typed.
 *
 * @param population of the people that are learned from; else of these
 * @throws EbbtideError DATA_MISSING for under two people with {@link fewestRepetitions} repetitions
 */
export const pairSource = ({ timings, typists }: Typing, population?: Population): PairSource => {
  const people = typists.filter(({ repetitions }) => repetitions >= fewestRepetitions);
  if (people.length < 2)
    throw new EbbtideError(
      'DATA_MISSING',
      `The comparator learns from people who differ: at least two with ${fewestRepetitions} repetitions each are needed, got ${people.length}`,
      { people: people.length },
    );
  const keys = keysOf(timings);
  const logs = people.map(({ seconds }: Typist) => logTimings(seconds, timings));
  const typicals = new Map<string, Typical>();
  const known = population ?? learnPopulation(joined(logs), timings);
  const rowOf = (person: number, repetition: number): Float64Array =>
    logs[person]!.subarray(repetition * timings, (repetition + 1) * timings);
  const typicalOf = (person: number, first: number, samples: number): Typical => {
    const key = `${person}/${first}/${samples}`;
    const found = typicals.get(key);
    if (found) return found;
    const { median, scale, spread } = makeTemplate(
      logs[person]!.subarray(first * timings, (first + samples) * timings),
      timings,
    );
    typicals.set(key, { median, scale, spread });
    return { median, scale, spread };
  };
  const size = inputsOf(timings);
  return {
    population: known,
    draw(random, count) {
      const rows = new Float32Array(count * size);
      const impostor = Float32Array.from({ length: count }, (_, i) => i % 2);
      for (let i = 0; i < count; i++) {
        const person = random.integer(0, people.length);
        const { repetitions } = people[person]!;
        const wanted = drawEnrolment(random);
        const samples = Math.min(wanted, stride * Math.floor(repetitions / 2 / stride));
        const latest = Math.max(0, repetitions - samples - genuineWithin);
        const first = stride * random.integer(0, Math.floor(latest / stride) + 1);
        let sample: Float64Array;
        if (impostor[i] === 0) {
          const end = Math.min(repetitions, first + samples + genuineWithin);
          sample = rowOf(person, random.integer(first + samples, end));
        } else {
          const other = (person + random.integer(1, people.length)) % people.length;
          const [from, before] = unpractised;
          const fresh = random.next() < unpractisedShare;
          sample = rowOf(
            other,
            fresh ? random.integer(from, before) : random.integer(before, people[other]!.repetitions),
          );
        }
        fillInputs(typicalOf(person, first, samples), known, sample, rows, i * size);
      }
      return tf.tidy(() => ({
        x: tf.transpose(tf.tensor3d(rows, [count, keys, inputsPerKey]), [1, 0, 2]),
        impostor: tf.tensor2d(impostor, [count, 1]),
      }));
    },
  };
};

const drawEnrolment = (random: Random): number => {
  let left = random.next();
  for (const [samples, share] of enrolments) {
    left -= share;
    if (left < 0) return samples;
  }
  return enrolments.at(-1)![0];
};

const joined = (parts: readonly Float64Array[]): Float64Array => {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
