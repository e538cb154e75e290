import { type ErrorCurve, equalErrorRate, errorCurve, zeroMissFalseAlarm } from '../../biometric/errorRates.ts';
import { type CmuTyping, cmuEnrolled, cmuImpostor, cmuRepetitions } from './cmuData.ts';

/** What a verifier said of one person: the higher, the more of an impostor. */
export interface Scores {
  readonly person: string;
  readonly genuine: readonly number[];
  readonly impostor: readonly number[];
  readonly practised: readonly number[];
}

/** Scores samples, transformed or in seconds, of whoever is enrolled. */
export type Scoring = (samples: readonly Float64Array[]) => Promise<number[]> | number[];

/** Samples enrolled and samples that try, as places in the repetitions. */
export interface Protocol {
  readonly enrolled: number;
  /** Genuine ones: the next so many. */
  readonly genuine: number;
}

/** As published: the first 200 are enrolled, the last 200 try. */
export const published: Protocol = { enrolled: cmuEnrolled, genuine: cmuRepetitions - cmuEnrolled };

/** With few samples enrolled, the next 50 try. */
export const withEnrolled = (enrolled: number): Protocol => ({ enrolled, genuine: 50 });

/**
 * Let a person, impostors on their first repetitions and practised ones on their last try a verifier.
 *
 * @param impostors places of those who try
 * @param sample of a person and a repetition, as the verifier takes it
 */
export const tryPerson = async (
  data: CmuTyping,
  person: number,
  impostors: readonly number[],
  { enrolled, genuine }: Protocol,
  scoring: Scoring,
  sample: CmuTyping['sample'] = data.sample,
): Promise<Scores> => {
  const range = (from: number, of: number): number[] => Array.from({ length: of }, (_, i) => from + i);
  const others = (from: number): Float64Array[] =>
    impostors.flatMap((other) => (other === person ? [] : range(from, cmuImpostor).map((it) => sample(other, it))));
  return {
    person: data.typists[person]!.name,
    genuine: await scoring(range(enrolled, genuine).map((it) => sample(person, it))),
    impostor: await scoring(others(0)),
    practised: await scoring(others(cmuRepetitions - cmuImpostor)),
  };
};

/** Error rates over people. */
export interface Rates {
  readonly eer: readonly number[];
  readonly eerMean: number;
  /** Standard deviation over people. */
  readonly eerSd: number;
  readonly eerPractised: number;
  readonly zeroMissFalseAlarm: number;
  readonly curves: readonly ErrorCurve[];
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, it) => sum + it, 0) / values.length;

/** Error rates of what a verifier said, each person by a threshold of their own, as published. */
export const ratesOf = (scores: readonly Scores[]): Rates => {
  const curves = scores.map(({ genuine, impostor }) => errorCurve(genuine, impostor));
  const eer = curves.map(equalErrorRate);
  const eerMean = meanOf(eer);
  return {
    eer,
    eerMean,
    eerSd: Math.sqrt(eer.reduce((sum, it) => sum + (it - eerMean) ** 2, 0) / Math.max(1, eer.length - 1)),
    eerPractised: meanOf(scores.map(({ genuine, practised }) => equalErrorRate(errorCurve(genuine, practised)))),
    zeroMissFalseAlarm: meanOf(curves.map(zeroMissFalseAlarm)),
    curves,
  };
};
