import { EbbtideError } from '../../../schemas/errors.ts';
import { fitComparator, fitDefaults } from '../../biometric/comparator/fit.ts';
import { type Comparator, createComparator } from '../../biometric/comparator/model.ts';
import { pairSource } from '../../biometric/comparator/pairs.ts';
import { onnxRuntime } from '../../runtimes/onnx.ts';
import { startFastestBackend } from '../../training/backend.ts';
import type { CmuTyping } from './cmuData.ts';

/** How the comparator is trained for an evaluation. */
export interface BackgroundOptions {
  /** Folds that are trained and tested, of {@link foldCount}. */
  readonly folds: readonly number[];
  readonly epochs: number;
  readonly seed: number;
}

/** People are dealt into so many folds. */
export const foldCount = 5;

/** All folds, 900 updates each. */
export const backgroundDefaults: BackgroundOptions = {
  folds: Array.from({ length: foldCount }, (_, fold) => fold),
  epochs: 18,
  seed: 1,
};

/** A comparator, and the people it has never seen. */
export interface Fold {
  readonly comparator: Comparator;
  readonly people: readonly number[];
}

const samplesAtOnce = 256;

/**
 * Train a comparator for each fold on the people of the others, and hand it over with the people of its own.
 *
 * @param onStep told after some updates, over all folds
 */
export async function* trainFolds(
  data: CmuTyping,
  { folds, epochs, seed }: BackgroundOptions,
  onStep: (done: number, total: number) => void,
  signal?: AbortSignal,
): AsyncGenerator<Fold> {
  await startFastestBackend(() => performance.now());
  for (const [done, fold] of folds.entries()) {
    if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
    const others = data.typists.filter((_, person) => person % foldCount !== fold);
    const source = pairSource({ timings: data.timings, typists: others });
    const { weights } = await fitComparator(
      source,
      undefined,
      { ...fitDefaults, epochs, seed, ...(signal ? { signal } : {}) },
      ({ step, steps }) => onStep(done * steps + step, folds.length * steps),
      () => performance.now(),
    );
    const comparator = await createComparator(weights, source.population, onnxRuntime, samplesAtOnce);
    const people = data.typists.flatMap((_, person) => (person % foldCount === fold ? [person] : []));
    try {
      yield { comparator, people };
    } finally {
      await comparator.close();
    }
  }
}
